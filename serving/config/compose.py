"""docker compose: every server on one machine, on ports of its own."""

from serving.config.containers import TF32_OFF, common_values
from serving.config.flags import server_flags
from serving.config.quantities import cpu_cores, memory_bytes
from serving.config.render import render, yaml_list
from serving.errors import BadRequest

PORT_STEP = 10  # between the ports of two servers
PROMETHEUS_PORT = 9090
LAST_PORT = 65535
COMPOSE_GPU = """deploy:
  resources:
    reservations:
      devices:
        - driver: nvidia
          count: 1
          capabilities: [gpu]"""


def compose_text(settings, roles, max_batch, models_on_host, *, gpu):
    """docker-compose.yaml, or its variant for a GPU."""
    services = [
        render(
            "compose/_service.yaml",
            {
                **common_values(settings, role, gpu=gpu),
                "args": yaml_list(server_flags(settings, max_batch, gpu=gpu)),
                "folder": role.folder,
                "models_on_host": models_on_host,
                "host_port": port,
                "host_rest_port": rest_port,
                "memory_bytes": memory_bytes(settings.memory),
                "cores": f"{cpu_cores(settings.cpus):g}",
                "request_seconds": settings.request_seconds,
                "tf32": f'{TF32_OFF}: "0"' if gpu else "",
                "tls_volume": f"- ../tls:{settings.config_path}-tls:ro" if settings.tls else "",
                "gpu": COMPOSE_GPU if gpu else "",
            },
        )
        for role, (port, rest_port) in zip(roles, host_ports(settings, roles), strict=True)
    ]
    values = {
        "app": roles[0].app,
        "services": "".join(services),
        "hardware": "GPU" if gpu else "CPU",
        "file": "docker-compose.gpu.yaml" if gpu else "docker-compose.yaml",
    }
    return render("compose/docker-compose.yaml", values)


def host_ports(settings, roles):
    """[(gRPC, REST)] of the machine, one for each Role; raises BadRequest where two would meet."""
    pairs = [
        (settings.port + PORT_STEP * number, settings.rest_port + PORT_STEP * number)
        for number in range(len(roles))
    ]
    taken = [PROMETHEUS_PORT, *(port for pair in pairs for port in pair)]
    if len(set(taken)) < len(taken) or max(taken) > LAST_PORT:
        raise BadRequest(
            f"--port {settings.port} and --rest_api_port {settings.rest_port} leave compose no "
            f"ports for all services (it uses {', '.join(map(str, taken))}); choose others"
        )
    return pairs
