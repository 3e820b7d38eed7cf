"""`python -m serving.serve` as a person, a script or an init system runs it."""

import re
import signal
import socket
import time
import urllib.request

import pytest

from tests.commands import start
from tests.serving.server import tiny_models
from tests.serving.server.clients import GrpcClient

START_SECONDS = 120


@pytest.fixture(scope="module")
def base_path(tmp_path_factory):
    base = tmp_path_factory.mktemp("cli") / "single"
    tiny_models.save_single_input(base)
    return base


def ready_line(process):
    for line in process.stdout:
        if line.startswith("ready: "):
            return line
    raise AssertionError(process.stderr.read())


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_serves_until_told_to_stop(base_path, sent, code):
    rest_port = free_port()
    process = start(
        "serving.serve", "--model_name=tiny", f"--model_base_path={base_path}", "--port=0",
        f"--rest_api_port={rest_port}",
    )  # fmt: skip
    try:
        line = ready_line(process)
        address = re.search(r"gRPC (localhost:\d+), REST http://localhost:(\d+)", line)
        assert int(address[2]) == rest_port
        with GrpcClient(address[1]) as client:
            (status,) = client.status("tiny")
            assert (status.version, status.state) == (1, status.AVAILABLE)
        with urllib.request.urlopen(f"http://localhost:{rest_port}/v1/models/tiny") as response:
            assert b"AVAILABLE" in response.read()
        process.send_signal(sent)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code
    assert "Traceback" not in err
    assert ("error: interrupted" in err) == (code == 130)


def test_says_that_it_is_a_development_server_and_reads_a_config_file(base_path, tmp_path):
    config = tmp_path / "models.config"
    config.write_text(
        "model_config_list { config {"
        f' name: "listed" base_path: "{base_path}" model_platform: "tensorflow"'
        ' version_labels { key: "stable" value: 1 } } }'
    )
    process = start("serving.serve", f"--model_config_file={config}", "--port=0")
    try:
        lines = [process.stdout.readline(), ready_line(process)]
        process.terminate()
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert "development model server" in lines[0]
    assert "REST off, models listed" in lines[1]


MISSING_PATH = (
    'model_config_list { config { name: "m" base_path: "/no/such" model_platform: "tensorflow" } }'
)
BAD = {
    "no model": ([], "--model_base_path is missing"),
    "no such directory": (["--model_base_path=/no/such/dir"], "/no/such/dir is no directory"),
    "no version": (["--model_base_path={empty}", "--port=0"], "no version of model 'default'"),
    "no such file": (["--model_config_file=/no/such/file"], "cannot read --model_config_file"),
    "bad flag": (["--port=99999999"], "--port"),
    "unknown flag": (["--no_such_flag"], "no_such_flag"),
    "missing path": (
        ["--model_config_file={config}", "--port=0"],
        "cannot read base path /no/such",
    ),
    "no TLS": (["--model_base_path={base}", "--ssl_config_file={config}"], "not a SSLConfig"),
    "no REST": (
        ["--model_base_path={base}", "--monitoring_config_file={monitoring}"],
        "choose a --rest_api_port",
    ),
    "no file to look at": (
        ["--model_base_path={base}", "--model_config_file_poll_wait_seconds=1"],
        "needs a --model_config_file",
    ),
    "taken port": (["--model_base_path={base}", "--port={taken}"], "another --port"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(case, base_path, tmp_path):
    arguments, message = BAD[case]
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        config, monitoring = tmp_path / "models.config", tmp_path / "monitoring.config"
        config.write_text(MISSING_PATH)
        monitoring.write_text("prometheus_config { enable: true }")
        values = {
            "empty": tmp_path, "base": base_path, "taken": taken.getsockname()[1],
            "config": config, "monitoring": monitoring,
        }  # fmt: skip
        process = start("serving.serve", *[argument.format(**values) for argument in arguments])
        out, err = process.communicate(timeout=START_SECONDS)
    assert process.returncode == 2
    sentences = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(sentences) == 1 and message in sentences[0]
    assert "Traceback" not in err and "ready" not in out


def test_sigterm_while_loading_ends_it_too(base_path):
    process = start("serving.serve", f"--model_base_path={base_path}", "--port=0")
    time.sleep(1.0)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM)  # the latter before anything was set up
