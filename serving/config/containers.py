"""What every description of a server's container says, whoever reads it."""

from serving.config.texts import METRICS_PATH

GPU_SUFFIX = "-gpu"
TF32_OFF = "NVIDIA_TF32_OVERRIDE"  # TF32 rounds to ten bits: answers would differ from the export's


def common_values(settings, role, *, gpu):
    """Values of every template that describes a container."""
    return {
        "app": role.app,
        "image": settings.image_tag + (GPU_SUFFIX if gpu else ""),
        "port": settings.port,
        "rest_port": settings.rest_port,
        "models_path": settings.models_path,
        "config_path": settings.config_path,
        "metrics_path": METRICS_PATH,
    }
