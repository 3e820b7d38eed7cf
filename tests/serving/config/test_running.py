"""The embedded server starts with the generated files and the generated flags, and answers."""

import dataclasses
import json
import re
import socket
import subprocess
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from serving.client import ReIDClient
from serving.compare import compared
from serving.config.flags import server_flags
from serving.config.fleet_files import fleet_files
from serving.config.folder import write_folder
from serving.config.settings import Settings
from serving.config.texts import METRICS_PATH
from serving.errors import BadRequest
from tests.commands import assert_refused, call, run, start
from tests.export.models import SIZE
from tests.serving.config.conftest import MAX_BATCH

# What only tensorflow_model_server has: a profiler, and gRPC's own settings of a connection.
UNKNOWN = {"enable_profiler", "grpc_channel_arguments"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def fleet(exported_models, tmp_path_factory):
    """(Settings, output folder) whose paths are those of this machine."""
    output = tmp_path_factory.mktemp("fleet") / "deploy"
    settings = Settings(
        stable=7,
        canary=9,
        port=free_port(),
        rest_port=free_port(),
        models_path=str(exported_models),
        config_path=str(output / "server"),
    )
    texts = fleet_files(settings, MAX_BATCH, exported_models)
    write_folder(output, texts, dataclasses.asdict(settings))
    return settings, output


def ready(output):
    """Exit status of the probe that Kubernetes and compose would run."""
    script = output / "server" / "ready.sh"
    return subprocess.run(["bash", script], capture_output=True, timeout=60, check=False).returncode


def test_the_embedded_server_runs_with_it(fleet):
    settings, output = fleet
    known = set(re.findall(r"^  --(?:\[no\])?(\w+):", run("serving.serve", "--help").stdout, re.M))
    flags = server_flags(settings, MAX_BATCH, gpu=False)
    assert {flag.name for flag in flags} - known == UNKNOWN
    assert ready(output) == 1  # nobody listens
    server = start("serving.serve", *[flag for flag in flags if flag.name in known])
    try:
        line = next((line for line in server.stdout if line.startswith("ready: ")), None)
        assert line, server.stderr.read()
        assert "models reid, reid_encoded" in line
        assert ready(output) == 0
        pixels = np.zeros([2, *SIZE, 3], np.uint8)
        for label in ("stable", "canary"):
            with ReIDClient(f"localhost:{settings.port}", "reid", label=label) as client:
                assert client.embed(pixels).shape == (2, 4)
        metrics = f"http://localhost:{settings.rest_port}{METRICS_PATH}"
        with urllib.request.urlopen(metrics, timeout=60) as answer:
            assert ":tensorflow:serving:request_count" in answer.read().decode()
        servers = f"--servers=localhost:{settings.port},http://localhost:{settings.rest_port}"
        same = call("serving.compare", servers)
        assert same.returncode == 0, same.stderr
        assert "differ by at most 0 of their length" in same.stdout
        assert "that agree: 100.00%" in same.stdout
    finally:
        server.terminate()
        server.communicate(timeout=60)


@pytest.mark.parametrize(("state", "code"), [("AVAILABLE", 0), ("END", 1), ("LOADING", 1)])
def test_ready_reads_the_answer_and_not_only_its_status(state, code, fleet):
    """TF Serving's answer for a model that failed has status 200, too."""
    settings, output = fleet
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status = {"error_code": "UNAVAILABLE", "error_message": "it is not AVAILABLE"}
            version = {"version": "7", "state": state, "status": status}
            body = json.dumps({"model_version_status": [version]}, indent=1).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("localhost", settings.rest_port), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            assert ready(output) == code
        finally:
            server.shutdown()
            thread.join()
    paths = ["/v1/models/reid/versions/7", "/v1/models/reid_encoded/versions/7"]
    assert asked == (paths if code == 0 else paths[:1])


def test_the_scripts_are_shell(fleet):
    for path in fleet[1].rglob("*.sh"):
        subprocess.run(["bash", "-n", path], check=True, capture_output=True, timeout=60)


def test_two_servers_that_differ():
    one = np.float32([[3, 4], [0, 1]])  # the longest is 5
    black, other = np.zeros([2, 8, 4, 3], np.uint8), np.zeros([2, 8, 4, 3], np.uint8)
    other[0, 0] = 1  # 4 * 3 of 2 * 8 * 4 * 3 values
    difference, agreeing = compared((one, black), (one + np.float32([[0, 1], [0, 0]]), other))
    assert difference == pytest.approx(1 / 5) and agreeing == pytest.approx(1 - 12 / 192)
    assert compared((one, None), (one, None)) == (0, None)
    with pytest.raises(BadRequest, match="different models"):
        compared((one, None), (one, black))
    assert_refused(call("serving.compare", "--servers=localhost:1"), "--servers takes two")
