"""Metrics as Prometheus reads them."""

import json
import re

import grpc
import numpy as np
import pytest

from serving.errors import ServingError
from serving.server import metrics
from serving.server.embedded import EmbeddedServer
from serving.server.metrics import BUCKETS, Metrics
from serving.server.monitoring import DEFAULT_PATH, read_monitoring_config
from serving.server.options import Observing
from tests.serving.server.clients import GrpcClient, RestClient, floats

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})\{{((?:{LABEL}(?:,{LABEL})*)?)\}} (\+Inf|[0-9.e+-]+)")
HELP = re.compile(rf"# HELP ({NAME}) [^\n]+")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")
ENDINGS = {"histogram": ("_bucket", "_sum", "_count")}


def parse(content):
    """{name: {labels: number}}; asserts the grammar of text format 0.0.4, strictly."""
    text = content.decode("utf-8")
    assert text.endswith("\n") and "\n\n" not in text
    found, family, kind, families = {}, None, None, []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("#"):
            family = HELP.fullmatch(line)[1]
            named, kind = TYPE.fullmatch(next(lines)).groups()
            assert named == family and family not in families
            families.append(family)
            continue
        name, labels, value = SAMPLE.fullmatch(line).groups()
        assert name in [family + ending for ending in ENDINGS.get(kind, ("",))]
        number = float(value.replace("+Inf", "inf"))
        samples = found.setdefault(name, {})
        labels = tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
        assert labels not in samples  # the same series twice
        samples[labels] = number
    check_histograms(found)
    return found


def check_histograms(found):
    for name, samples in found.items():
        if not name.endswith("_bucket"):
            continue
        series = {}
        for labels, value in samples.items():
            assert labels[-1][0] == "le"
            limit = float(labels[-1][1].replace("+Inf", "inf"))
            series.setdefault(labels[:-1], []).append((limit, value))
        for labels, buckets in series.items():
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
            assert [v for _, v in buckets] == sorted(v for _, v in buckets)
            assert buckets[-1][1] == found[name.replace("_bucket", "_count")][labels]
            assert labels in found[name.replace("_bucket", "_sum")]


@pytest.fixture(scope="module")
def watched(saved_models):
    with EmbeddedServer(
        {"demo": saved_models / "demo", "single": saved_models / "single"},
        observing=Observing(prometheus_path=DEFAULT_PATH),
    ) as server:
        yield server


def read(server):
    status, content_type, body = RestClient(server.rest_address).call("GET", DEFAULT_PATH)
    assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return parse(body)


def test_requests_are_counted_by_model_and_status(watched):
    inputs = {"x": floats([1, 2], [3, 4]), "epsilon": np.float32(1)}
    with GrpcClient(watched.grpc_address) as client:
        client.predict(inputs=inputs)
        for model, signature in (("demo", "zz"), ("../etc", ""), ("other", "")):
            with pytest.raises(grpc.RpcError):
                client.predict(model, inputs, signature=signature)
    rest = RestClient(watched.rest_address)
    assert rest.predict({"inputs": [[1, 2]]}, "single")[0] == 200
    assert rest.predict({"inputs": []}, "nobody")[0] == 404
    found = read(watched)
    counts = {tuple(v for _, v in labels): n for labels, n in found[metrics.REQUEST_COUNT].items()}
    # Names of models that are not there are without end, so they are no labels.
    assert counts == {
        ("demo", "OK"): 1, ("demo", "FAILED_PRECONDITION"): 1, ("", "NOT_FOUND"): 3,
        ("single", "OK"): 1,
    }  # fmt: skip
    rows = {labels[0][1]: n for labels, n in found[metrics.REQUEST_ROWS].items()}
    assert rows == {"demo": 2, "single": 1}
    times = found[metrics.REQUEST_LATENCY + "_count"]
    labels = (("model_name", "demo"), ("API", "Predict"), ("entrypoint", "GRPC"))
    assert times[labels] == 2
    assert times[(("model_name", "single"), ("API", "Predict"), ("entrypoint", "REST"))] == 1
    assert 0 < found[metrics.REQUEST_LATENCY + "_sum"][labels] < 60e6


def test_what_is_loaded_and_allowed_can_be_read(watched):
    found = read(watched)
    assert found[metrics.LOADED] == {
        (("model_name", "demo"), ("version", "2")): 1,
        (("model_name", "single"), ("version", "1")): 1,
    }
    assert all(number >= 4 for number in found[metrics.ALLOWED].values())
    for name in (metrics.IN_PROGRESS, metrics.WAITING):
        assert found[name] == {(("entrypoint", "GRPC"),): 0, (("entrypoint", "REST"),): 0}
    assert found[metrics.MEMORY][()] > 10e6


def test_metrics_are_off_unless_asked_for(rest_client):
    assert rest_client.call("GET", DEFAULT_PATH)[0] == 404


def test_awkward_labels_and_numbers_stay_in_the_grammar():
    registry = Metrics()
    registry.count(metrics.REQUEST_COUNT, 'quote " back \\ line \n end', "OK", amount=2)
    registry.count(metrics.REQUEST_COUNT, 'quote " back \\ line \n end', "OK")
    for value in (0, 10, 10.5, 1e12):
        registry.observe(metrics.REQUEST_LATENCY, "é", "Predict", "GRPC", value=value)
    found = parse(registry.text())
    assert list(found[metrics.REQUEST_COUNT].values()) == [3]
    buckets = {labels[-1][1]: n for labels, n in found[metrics.REQUEST_LATENCY + "_bucket"].items()}
    # A limit belongs to its bucket; the last one has no limit.
    assert (buckets["10"], buckets["18"], buckets["+Inf"]) == (2, 3, 4)
    assert len(buckets) == 34 and BUCKETS[-1] == pytest.approx(10 * 1.8**32)


CONFIGS = {
    "": None,
    "prometheus_config { enable: false }": None,
    "prometheus_config { enable: true }": DEFAULT_PATH,
    'prometheus_config { enable: true path: "/metrics" }': "/metrics",
}


@pytest.mark.parametrize("text", CONFIGS)
def test_the_config_file_says_where(tmp_path, text):
    (tmp_path / "m").write_text(text)
    assert read_monitoring_config(tmp_path / "m") == CONFIGS[text]


BAD = {
    "no message": ("nonsense", "not a MonitoringConfig"),
    "no path": ('prometheus_config { enable: true path: "metrics" }', "'metrics' cannot be served"),
    "the API's": ('prometheus_config { enable: true path: "/v1/m" }', "outside /v1/"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused(tmp_path, case):
    text, words = BAD[case]
    (tmp_path / "m").write_text(text)
    with pytest.raises(ServingError, match=words):
        read_monitoring_config(tmp_path / "m")


def test_metrics_need_the_rest_port(saved_models):
    observing = Observing(prometheus_path=DEFAULT_PATH)
    with pytest.raises(ServingError, match="choose a --rest_api_port"):
        EmbeddedServer({"m": saved_models / "single"}, rest_port=None, observing=observing)


def test_their_python_parser_reads_it_too(watched):
    parser = pytest.importorskip("prometheus_client.parser")
    _, _, body = RestClient(watched.rest_address).call("GET", DEFAULT_PATH)
    assert json.dumps([f.name for f in parser.text_string_to_metric_families(body.decode())])
