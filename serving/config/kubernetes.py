"""Kubernetes: a Deployment with what belongs to it; KServe: the same as an InferenceService."""

import hashlib
import json

from serving.config.containers import TF32_OFF, common_values
from serving.config.flags import drain_seconds, server_flags
from serving.config.render import commented, render, yaml_list

KILL_SECONDS = 5
REST_NOTE = {
    False: "REST is plain HTTP, as gRPC is here: what is sent can be read on the way.",
    True: "The REST port is for Prometheus only: for clients it would be the plain way around TLS.",
}
MANIFESTS = (
    "serviceaccount.yaml",
    "configmap.yaml",
    "deployment.yaml",
    "service.yaml",
    "hpa.yaml",
    "pdb.yaml",
    "networkpolicy.yaml",
)
HTTP_PORT = "- name: http\n  port: {}\n  targetPort: http\n"
SECRET = (
    "# Its Secret, once:\n"
    "#   kubectl create secret generic {app}-tls --from-file=ssl.config=../tls/ssl.config"
)
SCALING = {
    False: "CPU time is what attacks and embeddings are made of.",
    True: "A busy GPU shows little of it: replace this metric by one of the GPU's, or of latency.",
}
LIVENESS = {
    False: (
        "grpc:\n  port: {port}",
        "grpc.health.v1 says SERVING whenever the port is open, whatever the models do. A minute "
        "of silence, since a server full of attacks is busy and not dead.",
    ),
    True: (
        "tcpSocket:\n  port: {port}",
        "Only that the port accepts: the kubelet's gRPC probe does not speak TLS.",
    ),
}
TLS_MOUNT = "- name: tls\n  mountPath: {}-tls\n  readOnly: true"
TLS_VOLUME = "- name: tls\n  secret:\n    secretName: {}-tls\n    defaultMode: 0440"


def kubernetes_texts(settings, role, max_batch, files):
    """{file name: text}: the manifests of one Deployment; `files` go into its ConfigMap."""
    ports = "" if settings.tls else HTTP_PORT.format(settings.rest_port)
    gpu = settings.gpus > 0
    values = {
        **common_values(settings, role, gpu=gpu),
        "namespace": f"namespace: {settings.namespace}" if settings.namespace else "",
        "traffic": role.traffic,
        "folder": role.folder,
        "data": "\n".join(f"{name}: |\n{_indented(text)}" for name, text in sorted(files.items())),
        "config_hash": config_hash(files),
        "replicas": role.replicas,
        "max_replicas": settings.max_replicas,
        "request_seconds": settings.request_seconds,
        "ports": f"- name: grpc\n  port: {settings.port}\n  targetPort: grpc\n" + ports,
        "client_ports": "\n".join(
            f"- protocol: TCP\n  port: {port}"
            for port in [settings.port, *([] if settings.tls else [settings.rest_port])]
        ),
        "rest_note": commented(REST_NOTE[settings.tls]),
        "secret_note": SECRET.format(app=role.app) if settings.tls else "",
        "scaling_note": SCALING[gpu],
    }
    pod = _pod_values(settings, role, max_batch, gpu)
    deployment = render("kubernetes/_pod.yaml", {**values, **pod, "container": "model-server"})
    predictor = render("kubernetes/_pod.yaml", {**values, **pod, "container": "kserve-container"})
    texts = {
        f"kubernetes/{name}": render(f"kubernetes/{name}", {**values, "pod": deployment})
        for name in MANIFESTS
    }
    texts["kserve/inferenceservice.yaml"] = render(
        "kserve/inferenceservice.yaml", {**values, "pod": predictor}
    )
    return texts


def _pod_values(settings, role, max_batch, gpu):
    probe, note = LIVENESS[settings.tls]
    drain = drain_seconds(settings)
    return {
        "service_account": f"serviceAccountName: {role.app}",
        "args": yaml_list(server_flags(settings, max_batch, gpu=gpu)),
        "drain_seconds": drain,
        "grace_seconds": drain + KILL_SECONDS,
        "tf32": f'- name: {TF32_OFF}\n  value: "0"' if gpu else "",
        "ports": f"- name: grpc\n  containerPort: {settings.port}\n"
        f"- name: http\n  containerPort: {settings.rest_port}",
        "liveness": probe.format(port=settings.port),
        "liveness_note": commented(note, 80),
        "cpus": settings.cpus,
        "memory": settings.memory,
        "gpu": f"nvidia.com/gpu: {settings.gpus}" if gpu else "",
        "claim": settings.claim,
        "tls_mount": TLS_MOUNT.format(settings.config_path) if settings.tls else "",
        "tls_volume": TLS_VOLUME.format(role.app) if settings.tls else "",
    }


def config_hash(files):
    """Of the files behind a Deployment, so that a change of them is a change of it."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _indented(text):
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines()).rstrip("\n")
