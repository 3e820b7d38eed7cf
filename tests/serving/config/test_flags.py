"""One list of flags; every command line is made of it."""

import json
import re
import shlex

import pytest
import yaml

from serving.config.flags import drain_seconds, grpc_threads, server_flags
from tests.serving.config.variants import MAX_BATCH, VARIANTS, files_of, settings_of

EVERY = pytest.mark.parametrize("variant", VARIANTS)
# What TF Serving reads from --platform_config_file instead, without a word.
IGNORED = {
    "enable_batching",
    "enable_per_model_batching_parameters",
    "batching_parameters_file",
    "enable_model_warmup",
    "tensorflow_session_parallelism",
    "per_process_gpu_memory_fraction",
}


def flags_of(variant, *, gpu=False):
    flags = server_flags(settings_of(variant), MAX_BATCH, gpu=gpu)
    return {flag.name: str(flag.value) for flag in flags}


def command_lines(variant):
    """{where: [argument]}: every command line of the output, whatever file it is in."""
    found = {}
    for path, text in files_of(variant).items():
        if path.endswith("run.sh"):
            commands = re.sub(r"\\\n", " ", text).splitlines()[-1]
            found[path] = shlex.split(commands)[2:]
        elif path.startswith("compose/docker-compose"):
            for name, service in yaml.safe_load(text)["services"].items():
                if name != "prometheus":
                    found[f"{path} {name}"] = service["command"]
        elif path.endswith(("deployment.yaml", "inferenceservice.yaml")):
            spec = yaml.safe_load(text)["spec"]
            pod = spec.get("predictor") or spec["template"]["spec"]
            found[path] = pod["containers"][0]["args"]
    return found


@EVERY
def test_every_command_line_is_made_of_the_one_list(variant):
    settings, lines = settings_of(variant), command_lines(variant)
    assert len(lines) == 5 * (1 + settings.separate_attacks)
    for where, arguments in lines.items():
        gpu = "gpu" in where or (settings.gpus > 0 and where.startswith(("kube", "kserve")))
        wanted = server_flags(settings, MAX_BATCH, gpu=gpu)
        assert arguments == [str(flag) for flag in wanted], where


@EVERY
def test_every_file_that_a_flag_names_is_written(variant):
    texts, settings = files_of(variant), settings_of(variant)
    for gpu in (False, True):
        for value in flags_of(variant, gpu=gpu).values():
            if value.startswith(settings.config_path + "/"):
                assert value.replace(settings.config_path, "server") in texts
            if value.startswith(settings.config_path + "-tls/"):
                assert value.replace(settings.config_path + "-tls", "tls") in texts


def test_flags_that_a_platform_config_would_silence_are_in_it_and_not_on_the_line():
    assert not IGNORED & set(flags_of("platform", gpu=True))
    assert "platform.gpu.config" in flags_of("platform", gpu=True)["platform_config_file"]
    assert IGNORED <= set(flags_of("latest", gpu=True))
    assert "platform_config_file" not in flags_of("latest", gpu=True)


def test_no_batching_no_batching_flag_and_no_file():
    assert not [name for name in flags_of("stable") if "batching" in name]
    assert "server/batching_parameters.txt" not in files_of("stable")


def test_threads_enough_for_two_full_batches_of_single_images():
    assert grpc_threads(None) == grpc_threads(16) == 64
    assert grpc_threads(200) == 400


def test_cores_are_rounded_up_to_threads():
    assert flags_of("gpu")["tensorflow_session_parallelism"] == "2"  # 1500m


@EVERY
def test_a_pod_lives_as_long_as_anybody_may_wait_for_it(variant):
    settings = settings_of(variant)
    arguments = dict(
        part.split("=") for part in flags_of(variant)["grpc_channel_arguments"].split(",")
    )
    age = int(arguments["grpc.max_connection_age_ms"]) / 1000
    longest = int(arguments["grpc.max_connection_age_grace_ms"]) / 1000
    assert longest == settings.request_seconds
    # gRPC ends connections within a tenth of their age.
    assert drain_seconds(settings) >= 1.1 * age + longest
    for path, text in files_of(variant).items():
        if path.endswith("deployment.yaml"):
            pod = yaml.safe_load(text)["spec"]["template"]["spec"]
            (sleep, seconds) = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
            assert sleep == "sleep" and int(seconds) == drain_seconds(settings)
            assert pod["terminationGracePeriodSeconds"] > int(seconds)


def test_each_flag_has_its_reason_in_the_readme():
    readme = files_of("gpu")["README.md"]
    for flag in server_flags(settings_of("gpu"), MAX_BATCH, gpu=True):
        assert f"| `{flag.name}` | {flag.why} |" in readme


def test_arguments_are_quoted_so_that_yaml_reads_strings():
    for arguments in command_lines("latest").values():
        assert all(isinstance(argument, str) for argument in arguments)
        assert json.loads(json.dumps(arguments)) == arguments
