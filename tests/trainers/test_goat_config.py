"""Settings of a defended training: what is published, what is decided, what is refused."""

import dataclasses
import json

import pytest

from keras_reid.errors import ReIDError
from tests.commands import assert_refused, call
from trainers.embedder import PRESETS as EMBEDDER_PRESETS
from trainers.embedder import EmbedderConfig
from trainers.embedder import resolve as resolve_embedder
from trainers.goat import PRESETS, GoatConfig, resolve
from trainers.goat.config import make_inner_attack
from trainers.training import held_out_remarks


def facts(config, *names):
    return tuple(getattr(config, name) for name in names)


def test_defaults_are_the_published_attack():
    # SPEC 2: 7 steps of 1/255 in a ball of 5/255, random start, in pixel space; (4,1).
    config = resolve()
    assert facts(config, "defense", "n_push", "n_pull", "pull", "adversarial_ratio") == (
        "goat", 4, 1, "bank", 1.0,
    )  # fmt: skip
    inner = make_inner_attack(config)
    assert (inner.attack.name, inner.attack.steps, inner.attack.random_start) == ("pgd", 7, True)
    assert (inner.epsilon, inner.attack.step_size, inner.space) == (5 / 255, 1 / 255, "pixel")


@pytest.mark.parametrize("preset", [None, *EMBEDDER_PRESETS])
def test_the_training_below_is_the_embedders(preset):
    config = resolve(preset, n_push=0, n_pull=0)
    assert config.attack == "sma"
    below = resolve_embedder(preset)
    for field in dataclasses.fields(EmbedderConfig):
        assert getattr(config, field.name) == getattr(below, field.name)


def test_reference_does_what_the_release_does():
    config = resolve("reference", loss="triplet", n_pull=2)
    released = facts(config, "eps_space", "pull", "attack_batch_norm", "n_pull", "head")
    assert released == ("normalised", "batch_with_own", "released", 2, "triplet")
    assert resolve("reference", eps_space="pixel").eps_space == "pixel"
    assert "reference" in PRESETS


def test_attacks_that_find_their_own_guides_get_none():
    for attack in ("sma", "odfa", "fna", "xent"):
        assert facts(resolve(attack=attack), "attack", "n_push", "n_pull") == (attack, 0, 0)
    assert facts(resolve(attack="mifgsm"), "attack", "n_push", "n_pull") == ("mifgsm", 4, 1)


def test_every_setting_has_a_flag_and_the_dry_run_tells_all():
    assert all("help" in field.metadata for field in dataclasses.fields(GoatConfig))
    done = call("trainers.train_goat", "--dry_run", "--preset=small", "--n_push=2")
    printed = json.loads(done.stdout)
    assert done.returncode == 0 and printed["n_push"] == 2
    assert set(printed) == {field.name for field in dataclasses.fields(GoatConfig)}


@pytest.mark.parametrize(("flags", "words"), [
    (["--n_push=-1"], ["--n_push must not be negative"]),
    (["--attack_steps=0"], ["--attack_steps must be at least 1"]),
    (["--epsilon_255=0"], ["--epsilon_255 must lie above 0"]),
    (["--epsilon_255=nan"], ["--epsilon_255"]),
    (["--step_255=300"], ["--step_255 must lie above 0 and up to 255"]),
    (["--attack=sma", "--n_push=2"], ["--attack=sma finds its own guides"]),
    (["--attack=pgd", "--n_push=0", "--n_pull=0"], ["needs --n_push or --n_pull"]),
    (["--attack=deepfool"], ["attack"]),
    (["--attack=xent", "--loss=triplet"], ["--loss=triplet has none"]),
    (["--attack=odfa", "--norandom_start"], ["odfa needs random_start"]),
    (["--pull=batch", "--n_pull=32"], ["below the 32 of a batch"]),
    (["--adversarial_ratio=0"], ["--adversarial_ratio must lie above 0"]),
    (["--adversarial_ratio=0.001"], ["attacks none of a batch of 32"]),
    (["--adversarial_ratio=0.5", "--defense=madv"], ["is for --defense=goat, not madv"]),
    (["--consistency_weight=1"], ["use it with --defense=madv"]),
    (["--defense=offline"], ["--init_from=WORKDIR"]),
    (["--defense=offline", "--init_from=none"], ["--init_from=WORKDIR"]),
    ([], ["--workdir is missing"]),
])  # fmt: skip
def test_senseless_settings_are_refused_in_a_sentence(flags, words):
    assert_refused(call("trainers.train_goat", *flags), *words)


def test_another_held_out_part_is_told(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"seed": 1, "held_out": 0.1}))
    config = resolve(init_from=str(tmp_path))
    assert (
        "other people held out (seed 1 there and 0 here)"
        in held_out_remarks(config, config.init_from)[0]
    )
    assert held_out_remarks(dataclasses.replace(config, seed=1), config.init_from) == []
    assert held_out_remarks(dataclasses.replace(config, held_out=0.0), config.init_from) == []


def test_an_unknown_preset_is_refused():
    with pytest.raises(ReIDError, match="preset 'weak' is unknown"):
        resolve("weak")
