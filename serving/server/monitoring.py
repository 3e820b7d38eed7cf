"""--monitoring_config_file: whether and where metrics are read, and what is measured besides calls.

prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }
"""

import contextlib
import os

from serving.errors import ServingError
from serving.messages import MonitoringConfig
from serving.server import metrics
from serving.server.text_file import read_message

FLAG = "--monitoring_config_file"
DEFAULT_PATH = "/monitoring/prometheus/metrics"


def read_monitoring_config(path):
    """The HTTP path of the metrics that a file asks for, or None where it enables nothing."""
    config = read_message(path, FLAG, MonitoringConfig).prometheus_config
    if not config.enable:
        return None
    chosen = config.path or DEFAULT_PATH
    if not chosen.startswith("/") or chosen.lower().startswith("/v1/") or "?" in chosen:
        raise ServingError(
            f"{FLAG} {path}: the path {chosen!r} cannot be served; "
            f"write one such as {DEFAULT_PATH}, outside /v1/"
        )
    return chosen


def watch(registry, manager):
    """Adds what is read from the models and the process when somebody asks."""
    registry.gauge(metrics.LOADED, lambda: _loaded(manager))
    if os.path.exists("/proc/self/statm"):
        registry.gauge(metrics.MEMORY, _resident)


def _loaded(manager):
    return {
        (name, servable.version): 1
        for name in manager.names
        for servable in manager.version_states(name)
        if servable.is_available
    }


def _resident():
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm", encoding="ascii") as file:
            return {(): int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")}
    return {}
