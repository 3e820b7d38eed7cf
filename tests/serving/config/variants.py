"""Fleets that differ in what decides over files and flags, for tests that run over all of them."""

from serving.config.fleet_files import fleet_files
from serving.config.protos import SSLConfig
from serving.config.settings import Settings

MAX_BATCH = 16
MODELS = "/srv/published"
SSL = SSLConfig(server_key="key\n", server_cert='certificate "quoted"\n', custom_ca="ca\n")

VARIANTS = {
    "latest": {},
    "labels": {"stable": 7, "canary": 9, "namespace": "people"},
    "stable": {"stable": 7, "batching": False},
    "tls": {"tls": True, "client_verify": True},
    "gpu": {"gpus": 1, "gpu_memory_fraction": 0.5, "cpus": "1500m"},
    "platform": {"platform_config": True, "cpus": "4"},
    "attacks": {"separate_attacks": True, "name": "re_ID", "port": 9500, "rest_port": 9501},
}


def settings_of(variant):
    return Settings(**VARIANTS[variant])


def files_of(variant):
    """{path: text} of one of VARIANTS."""
    settings = settings_of(variant)
    return fleet_files(settings, MAX_BATCH, MODELS, ssl_config=SSL if settings.tls else None)
