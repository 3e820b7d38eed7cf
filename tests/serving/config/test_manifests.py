"""The YAML is valid by the schemas of those who read it, and as locked up as it claims to be."""

import functools
import hashlib
import importlib.util
import json
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.serving.config.variants import VARIANTS, files_of, settings_of

EVERY = pytest.mark.parametrize("variant", VARIANTS)
KUBERNETES = "1.32"
# What KServe's v1beta1 adds to a PodSpec in `spec.predictor`, as far as it is used here; after its
# API reference. The rest of the predictor is a PodSpec and is checked as one.
PREDICTOR = {
    "type": "object",
    "additionalProperties": False,
    "required": ["minReplicas", "maxReplicas"],
    "properties": {
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
        "minReplicas": {"type": "integer", "minimum": 0},
        "maxReplicas": {"type": "integer", "minimum": 1},
        "scaleMetric": {"enum": ["cpu", "memory", "concurrency", "rps"]},
        "scaleTarget": {"type": "integer", "minimum": 1},
        "timeout": {"type": "integer", "minimum": 1},
    },
}


def documents(variant, part):
    """{path: [document]} of the YAML files whose path holds `part`."""
    return {
        path: list(yaml.safe_load_all(text))
        for path, text in files_of(variant).items()
        if part in path and path.endswith(".yaml")
    }


def pods(variant):
    """The PodSpecs of Deployments and of InferenceServices."""
    for found in documents(variant, "deployment.yaml").values():
        yield found[0]["spec"]["template"]["spec"]
    for found in documents(variant, "inferenceservice.yaml").values():
        predictor = found[0]["spec"]["predictor"]
        yield {k: v for k, v in predictor.items() if k not in PREDICTOR["properties"]}


@EVERY
def test_kubernetes_takes_every_manifest(variant):
    kinds = set()
    for path, found in documents(variant, "kubernetes").items():
        if path.startswith("kubernetes"):
            for document in found:
                kubernetes_validate.validate(document, KUBERNETES, strict=True)
                kinds.add(document["kind"])
    expected = {"ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy"}
    expected |= {"PodDisruptionBudget", "Service", "ServiceAccount"}
    assert kinds == expected | ({"Namespace"} if settings_of(variant).namespace else set())


@EVERY
def test_kserve_takes_every_inferenceservice(variant):
    for found in documents(variant, "inferenceservice.yaml").values():
        (document,) = found
        assert document["apiVersion"] == "serving.kserve.io/v1beta1"
        assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
        assert set(document["spec"]) == {"predictor"}
        predictor = document["spec"]["predictor"]
        own = {k: v for k, v in predictor.items() if k in PREDICTOR["properties"]}
        jsonschema.validate(own, PREDICTOR)
    for pod in pods(variant):
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod}
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


@EVERY
def test_compose_takes_every_file(variant):
    for found in documents(variant, "compose/").values():
        compose_validator().validate(found[0])


@functools.cache
def compose_validator():
    """Of the Compose Specification's own schema, which check-jsonschema carries."""
    found = importlib.util.find_spec("check_jsonschema")
    if found is None:
        pytest.skip("check-jsonschema, which brings compose-spec.json, is not installed")
    vendor = Path(found.origin).parent / "builtin_schemas" / "vendor"
    schema = json.loads((vendor / "compose-spec.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


@EVERY
def test_pods_can_do_nothing_but_answer(variant):
    found = list(pods(variant))
    assert len(found) == 2 * (1 + settings_of(variant).separate_attacks)
    for pod in found:
        (container,) = pod["containers"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        assert [name for name, mount in mounts.items() if not mount.get("readOnly")] == ["tmp"]
        assert {volume["name"] for volume in pod["volumes"]} == set(mounts)
    for documents_ in documents(variant, "networkpolicy.yaml").values():
        assert documents_[0]["spec"]["egress"] == []


@EVERY
def test_compose_services_can_do_nothing_but_answer_to_this_machine(variant):
    ports = []
    for path, found in documents(variant, "compose/").items():
        for name, service in found[0]["services"].items():
            assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert "mem_limit" in service
            assert all(port.startswith("127.0.0.1:") for port in service["ports"])
            if name != "prometheus":
                assert all(mount.endswith(":ro") for mount in service["volumes"])
                assert service["image"].endswith("-gpu") == ("gpu" in path)
                assert ("deploy" in service) == ("gpu" in path)
                assert service["healthcheck"]["test"][:2] == ["CMD", "bash"]
        ports.append([p for s in found[0]["services"].values() for p in s["ports"]])
    assert all(len(set(one)) == len(one) for one in ports)  # no two services on one port


@EVERY
def test_a_change_of_the_files_rolls_the_pods(variant):
    texts = files_of(variant)
    for path, text in texts.items():
        if path.endswith("deployment.yaml"):
            folder = path.split("/")[0]
            data = yaml.safe_load(texts[f"{folder}/configmap.yaml"])["data"]
            server = "server" + folder.removeprefix("kubernetes")
            files = {p.split("/")[1]: t for p, t in texts.items() if p.startswith(server + "/")}
            assert data == files
            wanted = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
            template = yaml.safe_load(text)["spec"]["template"]
            assert template["metadata"]["annotations"]["keras-reid/config-sha256"] == wanted


def test_with_tls_clients_get_grpc_only_and_the_probe_does_not_speak_it():
    plain, secure = files_of("latest"), files_of("tls")

    def port_names(texts):
        return [
            [port["name"] for port in service["spec"]["ports"]]
            for service in yaml.safe_load_all(texts["kubernetes/service.yaml"])
        ]

    assert port_names(plain) == [["grpc", "http"]] * 2
    assert port_names(secure) == [["grpc"]] * 2
    for texts, probe in ((plain, "grpc"), (secure, "tcpSocket")):
        pod = yaml.safe_load(texts["kubernetes/deployment.yaml"])["spec"]["template"]["spec"]
        assert probe in pod["containers"][0]["livenessProbe"]
    volumes = yaml.safe_load(secure["kubernetes/deployment.yaml"])["spec"]["template"]["spec"]
    assert {"name": "tls", "secret": {"secretName": "reid-tls", "defaultMode": 0o440}} in volumes[
        "volumes"
    ]


def test_a_gpu_is_asked_for_and_rounds_as_the_export_does():
    for pod in pods("gpu"):
        (container,) = pod["containers"]
        assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
        assert {"name": "NVIDIA_TF32_OVERRIDE", "value": "0"} in container["env"]
        assert container["image"].endswith("-gpu")


@EVERY
def test_prometheus_scrapes_what_there_is(variant):
    texts = files_of(variant)
    scrape = yaml.safe_load(texts["prometheus/prometheus.yaml"])["scrape_configs"][0]
    services = yaml.safe_load(texts["compose/docker-compose.yaml"])["services"]
    port = settings_of(variant).rest_port
    wanted = [f"{name}:{port}" for name in services if name != "prometheus"]
    assert [target["targets"][0] for target in scrape["static_configs"]] == wanted
    rules = yaml.safe_load(texts["prometheus/alerts.yaml"])["groups"][0]["rules"]
    assert all({"alert", "expr", "annotations"} <= set(rule) for rule in rules)
    for rule in rules:
        assert rule["expr"].count("(") == rule["expr"].count(")")
    yaml.safe_load(texts["prometheus/kubernetes-scrape.yaml"])
