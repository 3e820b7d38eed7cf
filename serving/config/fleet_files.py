"""Every file of the output, as {path: text}: the same settings and models give the same bytes."""

from serving.config.compose import compose_text
from serving.config.flags import server_flags
from serving.config.kubernetes import kubernetes_texts
from serving.config.render import commented, render
from serving.config.roles import roles_of
from serving.config.texts import METRICS_PATH, server_texts, ssl_text

SSL_CONFIG = "tls/ssl.config"
CPU_PORT_OFFSET = 100  # of the server that a GPU's is compared with
DESCRIBED = {
    "server": "what tensorflow_model_server reads; ready.sh for probes, run.sh without containers",
    "tls": "ssl.config with the private key, mode 0600: a Secret, never a ConfigMap",
    "compose": "one machine, CPU and GPU images; try_gpu.sh compares the two",
    "kubernetes": "a Deployment with what belongs to it",
    "kserve": "the same as an InferenceService, instead of the Deployment",
    "prometheus": "what to scrape and when to worry",
}


def fleet_files(settings, max_batch, models_on_host, *, ssl_config=None, notes=()):
    """{path below the output: text}.

    Args:
      settings: Settings.
      max_batch: images of the largest request, or None where no export tells.
      models_on_host: folder of the published models, for compose.
      ssl_config: SSLConfig where settings.tls.
      notes: sentences for the README.
    """
    roles = roles_of(settings)
    texts = {}
    for role in roles:
        files = server_files(settings, role, max_batch)
        texts |= {f"{role.folder}/{name}": text for name, text in files.items()}
        suffix = role.folder.removeprefix("server")
        for path, text in kubernetes_texts(settings, role, max_batch, files).items():
            folder, name = path.split("/")
            texts[f"{folder}{suffix}/{name}"] = text
    if settings.namespace:
        texts["kubernetes/namespace.yaml"] = render(
            "kubernetes/namespace.yaml", {"namespace": settings.namespace}
        )
    for gpu, name in ((False, "docker-compose.yaml"), (True, "docker-compose.gpu.yaml")):
        texts[f"compose/{name}"] = compose_text(settings, roles, max_batch, models_on_host, gpu=gpu)
    texts["compose/try_gpu.sh"] = render(
        "compose/try_gpu.sh",
        {
            "app": roles[0].app,
            "model": settings.name,
            "models_on_host": models_on_host,
            "port": settings.port,
            "cpu_port": settings.port + CPU_PORT_OFFSET,
        },
    )
    texts |= prometheus_texts(settings, roles)
    if ssl_config is not None:
        texts[SSL_CONFIG] = ssl_text(ssl_config)
    texts["README.md"] = readme(settings, roles, max_batch, models_on_host, sorted(texts), notes)
    return dict(sorted(texts.items()))


def server_files(settings, role, max_batch):
    """The files of one server that are no secret: {name: text}."""
    flags = server_flags(settings, max_batch, gpu=False)
    files = server_texts(settings, role)
    files["ready.sh"] = render(
        "server/ready.sh",
        {"status_paths": " ".join(status_paths(settings, role)), "rest_port": settings.rest_port},
    )
    files["run.sh"] = render(
        "server/run.sh",
        {
            "config_path": settings.config_path,
            "models_path": settings.models_path,
            "reasons": "\n".join(commented(f"{flag.name}: {flag.why}") for flag in flags),
            "command": " \\\n".join(map(str, flags)),
        },
    )
    return files


def status_paths(settings, role):
    """What readiness asks for: GetModelStatus ignores labels, so the stable version by number."""
    version = f"/versions/{settings.stable}" if settings.stable is not None else ""
    return [f"/v1/models/{name}{version}" for name in role.models]


def prometheus_texts(settings, roles):
    values = {
        "app": roles[0].app,
        "apps": "|".join(role.app for role in roles),
        "metrics_path": METRICS_PATH,
        "rest_port": settings.rest_port,
        "targets": "\n".join(f'- targets: ["{role.app}:{settings.rest_port}"]' for role in roles),
        # Half of what a request may take is a reason to look.
        "slow_micros": 1_000_000 * settings.request_seconds // 2,
    }
    return {
        f"prometheus/{name}": render(f"prometheus/{name}", values)
        for name in ("prometheus.yaml", "kubernetes-scrape.yaml", "alerts.yaml")
    }


def readme(settings, roles, max_batch, models_on_host, paths, notes):
    folders = dict.fromkeys(path.split("/")[0] for path in paths)
    applied = [f"kubectl apply -f {folder}/" for folder in folders if "kubernetes" in folder]
    if "kubernetes/namespace.yaml" in paths:
        applied.insert(0, "kubectl apply -f kubernetes/namespace.yaml")
    return render(
        "README.md",
        {
            "app": roles[0].app,
            "listing": "\n".join(
                f"| {folder}/ | {DESCRIBED[folder.removesuffix('-attack')]} |" for folder in folders
            ),
            "flags": "\n".join(
                f"| `{flag.name}` | {flag.why} |"
                for flag in server_flags(settings, max_batch, gpu=True)
            ),
            "models_on_host": models_on_host,
            "kubernetes_commands": "\n".join(applied),
            "notes": "\n".join(f"* {note}" for note in notes),
        },
    )
