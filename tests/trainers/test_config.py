"""Presets as published, flags on top of them, and settings that make no sense."""

import dataclasses
import json

import pytest
from absl import flags

from keras_reid.errors import ReIDError
from tests.commands import call
from trainers.embedder.config import EmbedderConfig, remarks
from trainers.embedder.presets import PRESETS, resolve
from trainers.schedules import EpochSchedule
from trainers.settings import define_flags, given


def facts(config, *names):
    return tuple(getattr(config, name) for name in names)


def test_presets_are_the_published_ones():
    # SPEC 3.
    names = ("optimizer", "learning_rate", "weight_decay", "images_per_step", "epochs", "decay",
             "decay_at")  # fmt: skip
    assert facts(PRESETS["classification"], *names) == (
        "adam", 3.5e-4, 5e-4, 32, 60, "step", (20, 40),
    )  # fmt: skip
    assert facts(PRESETS["triplet"], *names) == (
        "adam", 3e-4, 0.0, 72, 100, "exponential", (50,),
    )  # fmt: skip
    assert facts(PRESETS["triplet"], "persons", "images_each", "margin") == (18, 4, None)
    strong = facts(
        PRESETS["strong"], "last_stride", "head", "label_smoothing", "warmup_epochs",
        "random_erasing", "margin", "persons", "images_each", "loss", "input_size",
    )  # fmt: skip
    assert strong == (1, "strong", 0.1, 10, 0.5, 0.3, 16, 4, "both", (256, 128))


def test_without_a_preset_the_loss_picks_one():
    assert resolve(loss="triplet").epochs == 100
    assert resolve(loss="both").head == "strong"
    assert resolve().loss == "classification"
    changed = resolve("strong", epochs=3, margin=None)
    assert facts(changed, "epochs", "margin", "head") == (3, None, "strong")


def test_a_small_triplet_model_normalises_what_the_loss_reads():
    assert facts(resolve("small", loss="triplet"), "head", "margin") == ("classification", None)
    assert facts(resolve("small", loss="triplet", margin=0.5), "margin") == (0.5,)
    assert resolve("small").head == "strong"


def test_weights_are_decided_before_the_run():
    assert resolve("strong").init_from == "imagenet"
    assert resolve("strong", model="small").init_from == "none"
    assert resolve("strong", init_from="a.keras").init_from == "a.keras"


@pytest.mark.parametrize(("changes", "sentence"), [
    (dict(preset="weak"), "preset 'weak' is unknown"),
    (dict(model="vgg"), "model is 'vgg'"),
    (dict(epochs=0), "--epochs must be at least 1"),
    (dict(learning_rate=0.0), "--learning_rate must be positive"),
    (dict(learning_rate=float("nan")), "--learning_rate must be positive"),
    (dict(weight_decay=-1.0), "--weight_decay must not be negative"),
    (dict(held_out=0.95), "--held_out is a share"),
    (dict(margin=float("nan")), "--margin must be a finite number, not nan"),
    (dict(weight_decay=float("nan")), "--weight_decay must be a finite number"),
    (dict(weight_decay=float("inf")), "--weight_decay must be a finite number"),
    (dict(margin=-0.1), "--margin must be soft"),
    (dict(preset="classification", loss="both"), "at least two images of each person"),
    (dict(decay="step"), "--decay=step and --decay_at= do not go together"),
    (dict(decay="cosine", decay_at=(3,)), "do not go together"),
])  # fmt: skip
def test_senseless_settings_are_refused(changes, sentence):
    with pytest.raises(ReIDError, match=sentence):
        resolve(**changes)


def test_settings_without_effect_are_told():
    assert not any(remarks(config) for config in PRESETS.values())
    warmup, decay = remarks(resolve("strong", epochs=10))
    assert "--warmup_epochs=10 is not over before --epochs=10" in warmup
    assert "--decay_at=40,70 is not before --epochs=10" in decay
    assert remarks(resolve("strong", epochs=41)) == []


class TestSchedule:
    def rates(self, epochs, **settings):
        schedule = EpochSchedule(1.0, 10, 100, **settings)
        return [float(schedule(10 * epoch)) for epoch in epochs]

    def test_step(self):
        rates = self.rates([0, 19.9, 20, 39.9, 40], decay="step", decay_at=(20, 40))
        assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01])

    def test_exponential_ends_at_0_032(self):
        # 0.001 ** ((100 - 50) / 100) = 0.0316
        rates = self.rates([0, 50, 75, 100], decay="exponential", decay_at=(50,))
        assert rates == pytest.approx([1, 1, 0.001**0.25, 0.0316], rel=1e-3)

    def test_warm_up_climbs_from_a_tenth(self):
        rates = self.rates([0, 5, 10, 11], warmup_epochs=10)
        assert rates == pytest.approx([0.1, 0.55, 1, 1])

    def test_cosine(self):
        rates = self.rates([0, 50, 100], decay="cosine")
        assert rates == pytest.approx([1, 0.505, 0.01], rel=1e-3)


def from_flags(*arguments):
    values = flags.FlagValues()
    define_flags(EmbedderConfig, values)
    values(["program", *arguments])
    return given(EmbedderConfig, values)


def test_flags_replace_settings():
    changes = from_flags("--margin=soft", "--input_size=64,32", "--decay_at=5,6", "--noflip",
                         "--embedding_size=auto", "--held_out=0")  # fmt: skip
    assert changes == {
        "margin": None, "input_size": (64, 32), "decay_at": (5, 6), "flip": False,
        "embedding_size": None, "held_out": 0.0,
    }  # fmt: skip
    assert from_flags() == {}


@pytest.mark.parametrize(("flag", "sentence"), [
    ("--margin=wide", "--margin=wide cannot be read"),
    ("--input_size=64", "write height,width"),
    ("--decay_at=1,x", "--decay_at=1,x cannot be read"),
])  # fmt: skip
def test_unreadable_flags_are_refused(flag, sentence):
    with pytest.raises(ReIDError, match=sentence):
        from_flags(flag)


def test_dry_run_prints_the_resolved_configuration():
    done = call("trainers.train_embedder", "--dry_run", "--preset=strong", "--margin=soft")
    assert done.returncode == 0, done.stderr
    printed = EmbedderConfig(**tupled(json.loads(done.stdout)))
    assert printed == resolve("strong", margin=None)


def tupled(fields):
    return {key: tuple(value) if isinstance(value, list) else value
            for key, value in fields.items()}  # fmt: skip


def test_every_setting_has_a_flag():
    assert all("help" in field.metadata for field in dataclasses.fields(EmbedderConfig))
