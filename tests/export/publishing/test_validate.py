"""Validation against a server: what is asked, what is written, and what fails it."""

import shutil

import numpy as np
import pytest

from export.images import random_images
from export.limits import Limits
from export.publishing.findings import Settings
from export.publishing.infra import validate
from export.publishing.layout import find_export
from export.publishing.markers import INFRA, blessing
from export.publishing.runners.process import PortTaken
from export.publishing.server_session import TRIES, WARMUP
from export.savedmodel import export_model
from keras_reid.errors import ReIDError
from tests.export.models import make_linear
from tests.export.publishing.fakes import everything
from tests.export.publishing.records import records
from tests.export.publishing.runners import InProcessRunner, down, failing, instead

LIMITS = Limits(epsilon=8 / 255, steps=4, batch=8, push=2, pull=2)
SETTINGS = Settings(batch_sizes=(1, 3), steps=3, timeout=60)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """attacked/reid/1 with an attack, plain/reid/1 and other/reid/1 without; both servables."""
    folder = tmp_path_factory.mktemp("exports")
    model = make_linear()
    export_model(model, folder / "attacked", "reid", ["fna"], LIMITS, version=1)
    export_model(model, folder / "plain", "reid", [], LIMITS, version=1)
    model.model.assign(model.model * 1.001)
    export_model(model, folder / "other", "reid", [], LIMITS, version=1)
    return folder


@pytest.fixture
def folder(originals, tmp_path):
    shutil.copytree(originals, tmp_path / "copy")
    return tmp_path / "copy"


def tried(folder, which, make_runner=InProcessRunner, settings=SETTINGS):
    export = find_export(folder / which / "reid" / "1")
    findings = validate(
        export, make_runner, random_images, settings, say=lambda line: None, origin={}
    )  # fmt: skip
    return export, findings


def test_every_signature_is_asked_and_becomes_warm_up(folder, capsys):
    export, findings = tried(folder, "attacked")
    assert findings.blessed, findings.reason
    assert not findings.not_checked
    signatures = ("embed", "serving_default", "describe", "attack_fna")
    expected = {(signature, rows) for signature in signatures for rows in (1, 3)}
    assert set(records(export.main)) == expected
    encoded = {(s, n) for s in ("embed_encoded", "serving_default", "decode") for n in (1, 3)}
    assert set(records(export.encoded)) == encoded
    blessed, content = blessing(export.main, INFRA)
    assert blessed and content["fingerprint"] == export.fingerprint()
    assert content["latency"]["p50_ms"] > 0 and content["latency"]["signature"] == "embed"
    whats = [row["what"] for row in content["checks"]]
    for words in ("reid attack_fna: merged = alone", "an unknown model: refused (NOT_FOUND)",
                  "no image: refused (INVALID_ARGUMENT)",
                  "attack_fna: the ceiling holds, NaN gives the image back"):  # fmt: skip
        assert any(words in what for what in whats), words
    assert "log of the model server" not in capsys.readouterr().err


def test_a_server_with_other_answers_is_not_blessed_and_its_log_is_shown(folder, capsys):
    other = {name: folder / "other" / name for name in ("reid", "reid_encoded")}
    export, findings = tried(folder, "plain", instead(other))
    assert not findings.blessed
    assert "reid embed, 1 row: exported = served, embeddings" in findings.reason
    blessed, content = blessing(export.main, INFRA)
    assert blessed is False and content["reason"] == findings.reason
    assert not (export.main / WARMUP).exists()
    told = capsys.readouterr().err
    assert "----- log of the model server (in process) -----\n  | a line of the log\n" in told
    assert "----- end of the log -----" in told


def test_a_refusal_takes_an_earlier_blessing_away(folder):
    export, _ = tried(folder, "plain")
    before = export.fingerprint()
    tried(folder, "plain")  # the same requests are the same bytes: other blessings stay valid
    assert export.fingerprint() == before and blessing(export.main, INFRA)[0]
    tried(folder, "plain", failing(down())[0])
    assert [path.name for path in export.main.glob("*BLESSED")] == ["INFRA_NOT_BLESSED"]


def test_only_a_port_that_was_taken_is_tried_again(folder):
    runner, starts = failing(PortTaken("taken"), PortTaken("taken"))
    _, findings = tried(folder, "plain", runner)
    assert findings.blessed and len(starts) == 4  # three for the first server, one for the second
    runner, starts = failing(*[PortTaken("taken")] * TRIES)
    assert tried(folder, "plain", runner)[1].failure == "taken" and len(starts) == TRIES
    runner, starts = failing(down())
    assert "reached END: a reason" in tried(folder, "plain", runner)[1].reason
    assert len(starts) == 1


def test_an_export_that_does_not_come_up_with_its_warm_up_is_not_blessed(folder):
    class NotWarm(InProcessRunner):
        def __init__(self, base, names):
            super().__init__(base, names)
            self._warm = any(base.rglob("tf_serving_warmup_requests"))

        def start(self):
            if self._warm:
                raise down()
            super().start()

    export, findings = tried(folder, "plain", NotWarm)
    assert "reached END" in findings.reason
    assert not (export.main / WARMUP).exists() and blessing(export.main, INFRA)[0] is False


def test_an_old_warm_up_does_not_fail_the_next_validation(folder):
    export = find_export(folder / "plain" / "reid" / "1")
    (export.main / WARMUP).parent.mkdir()
    (export.main / WARMUP).write_bytes(b"broken")
    assert tried(folder, "plain")[1].blessed
    assert ("embed", 3) in records(export.main)


def test_what_changes_under_validation_is_noticed(folder):
    class Changing(InProcessRunner):
        def stop(self):
            super().stop()
            (folder / "plain/reid/1/extra").write_text("new")

    with pytest.raises(ReIDError, match="changed while it was validated"):
        tried(folder, "plain", Changing)
    assert blessing(folder / "plain/reid/1", INFRA) == (None, {})


def corrupt(folder):
    (folder / "plain/reid/1/saved_model.pb").write_bytes(b"\x00garbage" * 50)


def lose_the_variables(folder):
    shutil.rmtree(folder / "plain/reid/1/variables")


def lose_the_encoded_one(folder):
    shutil.rmtree(folder / "plain/reid_encoded/1")


@pytest.mark.parametrize(
    "prepare,settings,said",
    [
        (corrupt, SETTINGS, "does not load as TF Serving would load it"),
        (lose_the_variables, SETTINGS, "does not load as TF Serving would load it"),
        (lose_the_encoded_one, SETTINGS, "has no encoded servable"),
        (lambda folder: None, Settings(batch_sizes=(9,)), "ceiling of 8 images"),
    ],
)
def test_an_export_that_cannot_be_tried(folder, prepare, settings, said):
    prepare(folder)
    before = everything(folder)
    with pytest.raises(ReIDError, match=said):
        tried(folder, "plain", settings=settings)
    assert everything(folder) == before


def test_images_by_lot_are_the_same_each_time_and_have_all_brightnesses():
    images = random_images(3, (16, 8))
    assert images.dtype == np.uint8 and images.shape == (3, 16, 8, 3)
    np.testing.assert_array_equal(images, random_images(3, (16, 8)))
    assert images.min() < 60 and images.max() > 190
    assert not np.array_equal(images[0], images[1])
