"""Bad input to `python -m export.bulk_embed`: one sentence, exit code 2, nothing half-written."""

import pytest

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

from export.bulk.run import refuse  # noqa: E402
from keras_reid.errors import ReIDError  # noqa: E402
from tests.commands import assert_refused, call  # noqa: E402

BAD = {
    "missing input": (["--input=/no/where"], "/no/where does not exist"),
    "no images": (["--input={0}/texts"], "holds no JPEG or PNG"),
    "unknown attack": (["--attack=smaa"], "'smaa' is not exported with this model; it has fna"),
    "guided attack": (["--attack=fna"], "needs guides"),
    "epsilon": (["--attack=sma", "--epsilon_255=17"], "ceiling of 16"),
    "NaN": (["--attack=sma", "--epsilon_255=nan"], "finite number"),
    "steps": (["--attack=sma", "--steps=21"], "ceiling of 20"),
    "pixels": (["--attack=sma", "--num_pixels=3"], "leave out num_pixels"),
    "shards": (["--shards=0"], "shards"),
    "batch": (["--batch_size=5"], "above the export's ceiling of 4"),
    "format": (["--format=csv"], "format"),
    "no server": (["--server=localhost:1"], "localhost:1 is not available"),
    "no address": (["--server=nothing"], "is no address of a model server"),
    "model": (["--name=nope"], "does not serve 'nope'"),
    "both": (["--servable={0}"], "either --servable"),
    "no servable": (["--server=", "--servable={0}/texts"], "does not load as TF Serving"),
    "corrupt": (["--server=", "--servable={0}/corrupt"], "does not load as TF Serving"),
    "somebody's folder": (["--output={0}/crops"], "is no bulk output"),
    "read only": (["--output=/proc/out"], "cannot write"),
    "runner": (["--runner=NoRunner"], "Beam refuses --runner=NoRunner"),
}


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_refused(address, small_crops, tmp_path, arguments, words):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("x")
    (tmp_path / "corrupt").mkdir()
    (tmp_path / "corrupt" / "saved_model.pb").write_bytes(b"\x00\xff no model")
    out = tmp_path / "out"
    given = {
        "--input": str(small_crops),
        "--output": str(out),
        "--server": address,
        **dict(argument.format(tmp_path).split("=", 1) for argument in arguments),
    }
    command = [f"{name}={value}" for name, value in given.items() if value]
    assert_refused(call("export.bulk_embed", *command), words)
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--attack=sma"], "attack"),
        (["--shards=3"], "shards: 2 in the output, 3 now"),
        (["--format=tfrecord"], "format: parquet in the output, tfrecord now"),
        ("model", "model.model_fingerprint: m1 in the output, m2 now"),
        ("input", "input.images: 12 in the output, 11 now"),
    ],
)
def test_another_run_is_refused_with_the_difference(
    fake, address, small_crops, tmp_path, change, words
):
    command = [f"--input={small_crops}", f"--output={tmp_path}/out", f"--server={address}"]
    assert call("export.bulk_embed", *command, "--shards=2").returncode == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    if change == "model":
        fake.description["model_fingerprint"] = "m2"
    elif change == "input":
        next(small_crops.rglob("*.png")).unlink()
    flags = ["--shards=2", *(change if isinstance(change, list) else [])]
    assert_refused(call("export.bulk_embed", *command, *flags), "other settings", words)
    assert before == {
        path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()
    }


def test_options_after_two_dashes_go_to_beam(address, small_crops, tmp_path):
    command = [f"--input={small_crops}", f"--output={tmp_path}/out", f"--server={address}"]
    options = ["--", "--direct_num_workers=0", "--direct_running_mode=nonsense"]
    assert_refused(call("export.bulk_embed", *command, *options), "direct_running_mode")
    options[2] = "--direct_running_mode=multi_threading"
    assert call("export.bulk_embed", *command, *options).returncode == 0


def test_a_sentence_is_found_in_what_a_distant_runner_sends():
    text = (
        "Traceback (most recent call last):\n  File ...\nserving.errors.ServerUnavailable: "
        "nobody at host:1, try again [while running 'Infer/RunInference']\n\nDuring handling ..."
    )
    with pytest.raises(ReIDError, match="^nobody at host:1, try again; what is done is kept"):
        refuse(RuntimeError(text))
    with pytest.raises(RuntimeError, match="of no kind of ours"):
        refuse(RuntimeError("of no kind of ours"))
