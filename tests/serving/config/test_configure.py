"""`python -m serving.configure` as a person runs it."""

import json
import os
import stat
import subprocess
import sys

import pytest

from tests.commands import assert_refused, call
from tests.serving.config.conftest import PAST, write_certificate

MODULE = "serving.configure"


def generate(models, output, *flags):
    return call(MODULE, f"--models={models}", f"--output={output}", *flags)


def test_generates_checks_and_says_what_is_not_batched(models, tmp_path):
    (models / "reid" / "7" / "batching_params.pbtxt").unlink()
    output = tmp_path / "deploy"
    done = generate(models, output, "--stable=7", "--canary=9")
    assert done.returncode == 0, done.stderr
    assert "note: reid 7 has no batching_params.pbtxt" in done.stdout
    assert "reid 9" not in done.stdout
    assert "reid_encoded" not in done.stdout  # it has none and must have none
    settings = json.loads((output / "MANIFEST.json").read_text())["settings"]
    assert (settings["stable"], settings["canary"]) == (7, 9)
    assert f"{models}" in (output / "compose" / "docker-compose.yaml").read_text()
    checked = call(MODULE, f"--check={output}", f"--models={models}")
    assert checked.returncode == 0 and "nothing wrong" in checked.stdout
    (models / "reid" / "9" / "saved_model.pb").unlink()
    checked = call(MODULE, f"--check={output}", f"--models={models}")
    assert checked.returncode == 1 and "problem  reid 9" in checked.stdout


def test_the_largest_batch_decides_over_threads(models, tmp_path):
    done = generate(models, tmp_path / "deploy")
    assert done.returncode == 0 and "note" not in done.stdout
    assert "--grpc_max_threads=64" in (tmp_path / "deploy/server/run.sh").read_text()
    done = generate(models, tmp_path / "deploy", "--grpc_max_threads=300")
    assert "--grpc_max_threads=300" in (tmp_path / "deploy/server/run.sh").read_text()


def test_tls_is_inlined_and_kept_secret(models, certificate, tmp_path):
    output = tmp_path / "deploy"
    flags = [
        f"--tls_key={certificate['key']}",
        f"--tls_certificate={certificate['certificate']}",
        f"--client_ca={certificate['client_ca']}",
    ]
    assert generate(models, output, *flags).returncode == 0
    path = output / "tls" / "ssl.config"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and "client_verify: true" in path.read_text()
    secret = certificate["key"].read_text().splitlines()[1]
    holding = [p for p in output.rglob("*") if p.is_file() and secret in p.read_text()]
    assert holding == [path]


def test_plan():
    done = call(MODULE, "--plan", "--embed_rate=200", "--embed_capacity=90")
    assert done.returncode == 0 and "busy replicas" in done.stdout


BAD = {
    "no models": (["--models="], "--models is missing"),
    "no output": (["--output="], "--output is missing"),
    "no such folder": (["--models={tmp}/none"], "--models", "no folder"),
    "no such model": (["--name=other"], "other cannot be listed"),
    "bad name": (["--name=../reid"], "--name '../reid'"),
    "name of the second": (["--name=reid_encoded"], "second servable"),
    "name of no host": (["--name=reid_"], "--name 'reid_'"),
    "no version": (["--models={empty}"], "has no version"),
    "unknown stable": (["--stable=8"], "--stable=8 is no version", "7, 9"),
    "unknown canary": (["--stable=7", "--canary=8"], "--canary=8 is no version"),
    "canary alone": (["--canary=9"], "--canary needs --stable"),
    "twice the same": (["--stable=7", "--canary=7"], "both 7"),
    "low port": (["--port=80"], "--port 80"),
    "high port": (["--rest_api_port=70000"], "--rest_api_port 70000"),
    "no number": (["--port=http"], "--port"),
    "one port": (["--port=8501"], "both 8501"),
    "one port of two": (["--port=8511", "--separate_attacks"], "--port 8511", "leave compose no"),
    "port of Prometheus": (["--port=9090"], "--port 9090", "leave compose no"),
    "no port left": (["--port=65530", "--separate_attacks"], "--port 65530", "leave compose no"),
    "memory": (["--memory=lots"], "--memory 'lots'"),
    "little memory": (["--memory=4Mi"], "--memory 4Mi is less"),
    "cpus": (["--cpus=-1"], "--cpus '-1'"),
    "no cpus": (["--cpus=0"], "--cpus '0'"),
    "replicas": (["--replicas=9", "--max_replicas=3"], "--replicas 9"),
    "fraction": (["--gpu_memory_fraction=1.5"], "--gpu_memory_fraction 1.5"),
    "relative path": (["--models_path=models"], "--models_path", "absolute"),
    "tag": (["--image_tag=a b"], "--image_tag"),
    "namespace": (["--namespace=My_Space"], "--namespace 'My_Space'"),
    "key alone": (["--tls_key={key}"], "belong together"),
    "authority alone": (["--client_ca={key}"], "--client_ca needs"),
    "expired": (["--tls_key={old_key}", "--tls_certificate={old}"], "has expired"),
    "mismatch": (["--tls_key={old_key}", "--tls_certificate={certificate}"], "does not belong"),
    "no place": (["--output={tmp}/file/deploy"], "cannot write"),
    "somebody else's": (["--output={tmp}"], "did not write"),
    "above the models": (["--output={above}", "--force"], "holds the models"),
    "unknown flag": (["--no_such_flag"], "no_such_flag"),
    "argument": (["deploy"], "unexpected argument 'deploy'"),
    "nothing to check": (["--check={tmp}/none"], "--check"),
    "no load": (["--plan"], "--plan needs a load"),
    "no capacity": (["--plan", "--embed_rate=5"], "serves nobody"),
}


@pytest.fixture(scope="module")
def places(exported_models, authority, certificate, tmp_path_factory):
    """What the flags of BAD name; nothing in it may change."""
    tmp = tmp_path_factory.mktemp("bad")
    (tmp / "file").write_text("")
    (tmp / "empty" / "reid").mkdir(parents=True)
    (tmp / "old").mkdir()
    old = write_certificate(authority, tmp / "old", **PAST)
    return {
        "tmp": tmp,
        "empty": tmp / "empty",
        "above": exported_models.parent,
        "key": certificate["key"],
        "certificate": certificate["certificate"],
        "old_key": old["key"],
        "old": old["certificate"],
    }


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_nothing_is_written(case, places, exported_models):
    flags, *words = BAD[case]
    before = sorted(places["tmp"].rglob("*"))
    output = places["tmp"] / "deploy"
    assert_refused(generate(exported_models, output, *[f.format(**places) for f in flags]), *words)
    assert sorted(places["tmp"].rglob("*")) == before


def test_batching_that_cannot_work_is_refused_or_switched_off(models, tmp_path):
    (models / "reid" / "9" / "batching_params.pbtxt").write_text("max_batch_size { value: 4 }")
    output = tmp_path / "deploy"
    assert_refused(generate(models, output), "reid 9: max_batch_size 4", "--nobatching")
    assert not output.exists()
    assert generate(models, output, "--nobatching").returncode == 0


def test_needs_no_tensorflow_and_changes_by_hand_are_refused(models, tmp_path):
    output = tmp_path / "deploy"
    program = (
        "import sys, serving.configure as c\n"
        "try: c.cli()\n"
        "finally: print({n.partition('.')[0] for n in sys.modules} & "
        "{'tensorflow', 'keras', 'yaml', 'keras_reid', 'export'})"
    )
    command = [sys.executable, "-c", program, f"--models={models}", f"--output={output}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "set()", done.stderr
    (output / "README.md").write_text("mine")
    assert_refused(generate(models, output), "changed by hand", "README.md")
    assert (output / "README.md").read_text() == "mine"
    assert generate(models, output, "--force").returncode == 0
