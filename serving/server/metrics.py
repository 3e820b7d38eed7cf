"""Counters and histograms as Prometheus reads them, under TensorFlow Serving's names.

Written out here: the client library for Python appends `_total` to the name of every counter, and
TensorFlow Serving's have none.
"""

import bisect
import math
import threading

# Name -> (type, help, labels). Names of ours stand beside TensorFlow Serving's.
REQUEST_COUNT = ":tensorflow:serving:request_count"
REQUEST_LATENCY = ":tensorflow:serving:request_latency"
REQUEST_ROWS = ":keras_reid:serving:request_rows"
IN_PROGRESS = ":keras_reid:serving:requests_in_progress"
ALLOWED = ":keras_reid:serving:requests_allowed"
WAITING = ":keras_reid:serving:requests_waiting"
LOADED = ":keras_reid:serving:loaded_version"
MEMORY = "process_resident_memory_bytes"
FAMILIES = {
    REQUEST_COUNT: ("counter", "The total number of requests.", ("model_name", "status")),
    REQUEST_LATENCY: (
        "histogram",
        "Distribution of wall time (in microseconds) for Tensorflow Serving request.",
        ("model_name", "API", "entrypoint"),
    ),
    REQUEST_ROWS: ("counter", "Rows of the predict requests that were answered.", ("model_name",)),
    IN_PROGRESS: ("gauge", "Requests that a model is working on.", ("entrypoint",)),
    ALLOWED: ("gauge", "Requests that may be worked on at the same time.", ("entrypoint",)),
    WAITING: ("gauge", "REST requests that wait for their turn.", ("entrypoint",)),
    LOADED: ("gauge", "1 for every version that answers.", ("model_name", "version")),
    MEMORY: ("gauge", "Resident memory of the server in bytes.", ()),
}
# 10 microseconds and on by powers of 1.8, 33 limits, as TensorFlow Serving's.
BUCKETS = [10 * 1.8**power for power in range(33)]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Thread-safe; every method takes the values of the family's labels in their order."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counters = {}  # (name, labels) -> number
        self._histograms = {}  # (name, labels) -> [counts of the buckets, sum]
        self._gauges = {}  # name -> callable() -> {labels: number}

    def count(self, name, *labels, amount=1):
        with self._lock:
            self._counters[name, labels] = self._counters.get((name, labels), 0) + amount

    def observe(self, name, *labels, value):
        with self._lock:
            histogram = self._histograms.setdefault((name, labels), [[0] * (len(BUCKETS) + 1), 0.0])
            histogram[0][bisect.bisect_left(BUCKETS, value)] += 1
            histogram[1] += value

    def gauge(self, name, read):
        """Adds a gauge that is read when somebody asks: read() -> {labels: number}."""
        self._gauges[name] = read

    def text(self):
        """Everything, in Prometheus' text format 0.0.4."""
        samples = {name: [] for name in FAMILIES}
        for name, read in list(self._gauges.items()):
            samples[name] += [_sample(name, labels, value) for labels, value in read().items()]
        with self._lock:
            for (name, labels), value in self._counters.items():
                samples[name].append(_sample(name, labels, value))
            for (name, labels), (counts, total) in self._histograms.items():
                samples[name] += _histogram(name, labels, counts, total)
        lines = []
        for name, found in samples.items():
            if found:
                kind, help_text, _ = FAMILIES[name]
                lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}", *found]
        return ("\n".join(lines) + "\n").encode()


def _histogram(name, labels, counts, total):
    limits = [*BUCKETS, math.inf]
    running = 0
    for limit, count in zip(limits, counts, strict=True):
        running += count
        yield _sample(name, labels, running, "_bucket", {"le": _number(limit)})
    yield _sample(name, labels, total, "_sum")
    yield _sample(name, labels, running, "_count")


def _sample(name, values, number, suffix="", more=None):
    labels = {**dict(zip(FAMILIES[name][2], values, strict=True)), **(more or {})}
    inside = ",".join(f'{label}="{_escape(value)}"' for label, value in labels.items())
    return f"{name}{suffix}{{{inside}}} {_number(number)}"


def _escape(value):
    return str(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value):
    if math.isinf(value):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
