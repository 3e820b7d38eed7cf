"""docker compose and Kubernetes: one container, described for each of them."""

import hashlib
import json

from serving.config.flags import drain_seconds, server_flags
from serving.config.quantities import cpu_cores, memory_bytes
from serving.config.render import commented, render, yaml_list
from serving.config.texts import METRICS_PATH

GPU_SUFFIX = "-gpu"
KILL_SECONDS = 5
TF32_OFF = "NVIDIA_TF32_OVERRIDE"  # TF32 rounds to ten bits: answers would differ from the export's
REST_NOTE = {
    False: "REST is plain HTTP, as gRPC is here: what is sent can be read on the way.",
    True: "The REST port is for Prometheus only: for clients it would be the plain way around TLS.",
}


def compose_text(settings, roles, max_batch, models_on_host, *, gpu):
    """docker-compose.yaml, or its variant for a GPU."""
    services = [
        render(
            "compose/_service.yaml",
            {
                **_common(settings, role, gpu),
                "args": yaml_list(server_flags(settings, max_batch, gpu=gpu)),
                "folder": role.folder,
                "models_on_host": models_on_host,
                "host_port": settings.port + 10 * number,
                "host_rest_port": settings.rest_port + 10 * number,
                "memory_bytes": memory_bytes(settings.memory),
                "cores": f"{cpu_cores(settings.cpus):g}",
                "request_seconds": settings.request_seconds,
                "tf32": f'{TF32_OFF}: "0"' if gpu else "",
                "tls_volume": f"- ../tls:{settings.config_path}-tls:ro" if settings.tls else "",
                "gpu": COMPOSE_GPU if gpu else "",
            },
        )
        for number, role in enumerate(roles)
    ]
    values = {
        "app": roles[0].app,
        "services": "".join(services),
        "hardware": "GPU" if gpu else "CPU",
        "file": "docker-compose.gpu.yaml" if gpu else "docker-compose.yaml",
    }
    return render("compose/docker-compose.yaml", values)


COMPOSE_GPU = """deploy:
  resources:
    reservations:
      devices:
        - driver: nvidia
          count: 1
          capabilities: [gpu]"""


def kubernetes_texts(settings, role, max_batch, files):
    """{file name: text}: the manifests of one Deployment; `files` go into its ConfigMap."""
    ports = "" if settings.tls else HTTP_PORT.format(settings.rest_port)
    gpu = settings.gpus > 0
    values = {
        **_common(settings, role, gpu),
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


TLS_MOUNT = "- name: tls\n  mountPath: {}-tls\n  readOnly: true"
TLS_VOLUME = "- name: tls\n  secret:\n    secretName: {}-tls\n    defaultMode: 0440"


def _common(settings, role, gpu):
    return {
        "app": role.app,
        "image": settings.image_tag + (GPU_SUFFIX if gpu else ""),
        "port": settings.port,
        "rest_port": settings.rest_port,
        "models_path": settings.models_path,
        "config_path": settings.config_path,
        "metrics_path": METRICS_PATH,
    }


def config_hash(files):
    """Of the files behind a Deployment, so that a change of them is a change of it."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _indented(text):
    return "".join(f"  {line}\n" if line else "\n" for line in text.splitlines()).rstrip("\n")
