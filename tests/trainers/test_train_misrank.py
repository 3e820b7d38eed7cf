"""Training a mis-ranking generator on a tiny crowd: what a run leaves, resuming, bad input."""

import dataclasses
import io
import json
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.data.held_out import hold_out_identities
from keras_reid.errors import ReIDError
from keras_reid.misrank import MisrankObjective, load_attack
from keras_reid.models import build_reid_model, load_model
from tests.commands import assert_refused, call
from tests.trainers.crowd import write_crowd
from tests.trainers.test_train_goat import read_checkpoint
from trainers.misrank import resolve, train
from trainers.misrank.config import make_objective
from trainers.misrank.train import labels_are_classes


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return write_crowd(tmp_path_factory.mktemp("data") / "crowd")


@pytest.fixture(scope="module")
def victim(tmp_path_factory):
    keras.utils.set_random_seed(4)
    path = tmp_path_factory.mktemp("victim") / "victim.keras"
    build_reid_model("small", (32, 16), 6, alpha=0.5).save(str(path))
    return path


def tiny(crowd, victim, **changes):
    """Settings of a run of seconds."""
    return {
        "preset": "small", "data": str(crowd), "victim": str(victim), "input_size": (32, 16),
        "filters": 4, "blocks": 1, "discriminator_filters": 4, "persons": 3, "images_each": 2,
        "epochs": 1, "held_out": 0.25, **changes,
    }  # fmt: skip


@pytest.mark.slow
def test_a_run_leaves_a_generator_figures_and_pictures(crowd, victim, tmp_path):
    settings = tiny(crowd, victim, num_pixels=0.5, temperature="learnable")
    result = train(resolve(**settings), tmp_path, stream=io.StringIO())
    assert result["finished"] and result["steps"] == 6 and set(result["validation"]) == {"map_fall"}
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    logged = {name for line in lines for name in line}
    assert {"loss", "gan", "misranking", "misclassification", "ms_ssim", "changed",
            "discriminator_loss", "validation_map", "validation_rank1", "validation_clean_map",
            "validation_map_fall", "validation_ms_ssim"} <= logged  # fmt: skip
    assert lines[0]["changed"] == pytest.approx(0.5)
    shown = {}
    for file in (tmp_path / "events").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "images":
                    shown[value.tag] = value.tensor.string_val
    assert set(shown) == {"clean", "perturbation_x10", "mask", "adversarial"}
    assert list(shown["mask"][:2]) == [b"16", b"32"]
    mask = tf.io.decode_png(shown["mask"][2]).numpy()[..., 0]
    assert (mask == 255).sum() == 256 and (mask == 0).sum() == 256
    attack = load_attack(tmp_path)
    images = np.random.default_rng(0).random((3, 32, 16, 3), np.float32)
    adversarial, mask = attack(images)
    assert 0 < np.abs(adversarial - images).max() <= 16 / 255 + 1e-6
    np.testing.assert_array_equal(tf.reduce_sum(mask, axis=[1, 2, 3]), [256] * 3)
    with pytest.raises(ReIDError, match="begun with another configuration.*epsilon_255"):
        train(resolve(**{**settings, "epsilon_255": 8.0}), tmp_path, stream=io.StringIO())


RESUMED = """
import io, os, signal, sys
from tests.trainers.test_train_misrank import tiny
from trainers.misrank import resolve, train
from trainers.misrank.task import MisrankTask

data, victim, runs = sys.argv[1:]
config = resolve(**tiny(data, victim, deterministic=True, num_pixels=100, epochs=2,
                        anneal_epochs=1, temperature="learnable"))

def go(name):
    train(config, f"{runs}/{name}", stream=io.StringIO())

go("straight")
batches = MisrankTask.batches
def interrupting(self, first):
    for number, batch in enumerate(batches(self, first), 1):
        if number == 9:  # inside the second epoch, after the first validation
            os.kill(os.getpid(), signal.SIGINT)
        yield batch
MisrankTask.batches = interrupting
try:
    go("resumed")
except KeyboardInterrupt:
    print("interrupted")
MisrankTask.batches = batches
go("resumed")
"""


@pytest.mark.slow
def test_resumed_inside_an_epoch_equals_straight_bit_for_bit(crowd, victim, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", RESUMED, str(crowd), str(victim), str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert "interrupted" in done.stdout, done.stderr
    straight, resumed = (read_checkpoint(tmp_path / name) for name in ("straight", "resumed"))
    assert int(straight["step/.ATTRIBUTES/VARIABLE_VALUE"]) == 12, done.stderr
    assert {"model", "generator_optimizer", "discriminator_optimizer", "best_score"} <= {
        name.split("/")[0] for name in straight
    }
    for name, value in straight.items():
        if "save_counter" not in name:
            np.testing.assert_array_equal(resumed[name], value, err_msg=name)


MIRRORED = """
import io, sys, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from keras_reid import compat
from keras_reid.errors import ReIDError
from tests.trainers.test_train_misrank import tiny
from trainers.misrank import resolve, train
from trainers.misrank.task import MisrankTask

data, victim, runs = sys.argv[1:]
settings = tiny(data, victim, strategy="mirrored", persons=4, mixed_precision="float16")
for persons in (2, 3):
    try:
        changed = resolve(**settings | {"persons": persons})
        train(changed, f"{runs}/odd{persons}", stream=io.StringIO())
    except ReIDError as error:
        print(error)
tasks = []
make = MisrankTask.__init__
MisrankTask.__init__ = lambda self, *args, **named: tasks.append(self) or make(self, *args, **named)
result = train(resolve(**settings), runs + "/mirrored", stream=io.StringIO())
task = tasks[0]
apart, compared = 0.0, 0
for variable in task.model.variables:
    if "moving" in variable.name:  # each replica's own, as the embedder's; saved as their mean
        continue
    first, second = compat.raw_variable(variable).values
    apart = max(apart, float(tf.reduce_max(tf.abs(first - second))))
    compared += 1
print("trained", result["finished"], "compared", compared, "apart", apart)
"""


@pytest.mark.slow
def test_mirrored_trains_on_two_devices(crowd, victim, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED, str(crowd), str(victim), str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    found = re.search(r"trained True compared (\d+) apart 0\.0\n", done.stdout)
    assert found and int(found[1]) > 50, done.stdout + done.stderr
    assert "cannot be dealt to 2 replicas" in done.stdout
    assert "leaves each of 2 replicas one person" in done.stdout
    assert load_attack(tmp_path / "mirrored").input_size == (32, 16)


@pytest.mark.parametrize("preset", ["published", "reference"])
def test_presets_train_in_half_precision(crowd, victim, tmp_path, preset):
    settings = tiny(crowd, victim, mixed_precision="float16", held_out=0.0, discriminator="patch")
    config = resolve(**{**settings, "preset": preset})
    result = train(config, tmp_path, stop_after_epochs=1, stream=io.StringIO())
    assert result["finished"] and result["validation"] == {}


def test_presets_are_those_of_the_specification():
    published = resolve(victim="v")
    assert make_objective(published) == MisrankObjective()
    assert (published.persons, published.images_each, published.epochs) == (8, 4, 50)
    assert (published.learning_rate, published.filters, published.blocks) == (2e-4, 32, 6)
    assert published.epsilon == pytest.approx(16 / 255) and published.pixel_count == 256 * 128
    objective = make_objective(resolve("reference", victim="v"))
    assert (objective.gan, objective.scored, objective.logarithm) == (
        "least_squares", "smallest", "mean",
    )  # fmt: skip
    weights = (objective.xent_weight, objective.rank_weight, objective.perception_weight)
    assert weights == (10.0, 10.0, 0.1)
    assert not objective.squared and objective.include_self and objective.scaling == "none"


def test_labels_are_classes_only_for_the_victims_own_training_people(crowd, victim):
    records, _ = hold_out_identities(load_dataset("market1501", crowd).train, 0.25, 0)
    config = resolve(**tiny(crowd, victim))
    theirs = {"data_fingerprint": "da7a", "seed": 0, "held_out": 0.25}
    loaded = dataclasses.replace(load_model(victim), config=theirs)
    assert labels_are_classes(config, loaded, records, "da7a")
    for changed in ({"seed": 1}, {"data_fingerprint": "0ther"}, {"held_out": 0.1}):
        other = dataclasses.replace(loaded, config={**theirs, **changed})
        assert not labels_are_classes(config, other, records, "da7a")
    assert not labels_are_classes(config, load_model(victim), records, "da7a")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"victim": ""}, "--victim is missing"),
        ({"persons": 1}, "mis-ranking needs strangers"),
        ({"num_pixels": 513}, "num_pixels is 513"),
        ({"num_pixels": -1}, "num_pixels is -1"),
        ({"epsilon_255": 0.0}, "--epsilon_255"),
        ({"epsilon_255": 256.0}, "--epsilon_255"),
        ({"mask": "none", "num_pixels": 5}, "--mask=none"),
        ({"anneal_epochs": 2}, "--anneal_epochs"),
        ({"rank_weight": -1.0}, "rank_weight"),
        ({"tau": 0.0}, "--tau must be positive"),
        ({"gan": "hinge"}, "gan is 'hinge'"),
        ({"margin": float("nan")}, "finite"),
        ({"preset": "large"}, "preset 'large'"),
        ({"guides": 3}, "no setting is called guides"),
    ],
)
def test_settings_that_make_no_sense_get_a_sentence(crowd, victim, changes, words):
    with pytest.raises(ReIDError, match=words):
        resolve(**{**tiny(crowd, victim), **changes})


def test_a_victim_of_another_kind_gets_a_sentence(crowd, victim, tmp_path):
    def attempt(**changes):
        train(resolve(**{**tiny(crowd, victim), **changes}), tmp_path / "run", stream=io.StringIO())

    with pytest.raises(ReIDError, match="--input_size=32,16"):
        attempt(input_size=(64, 32))
    without = tmp_path / "without.keras"
    build_reid_model("small", (32, 16), alpha=0.5).save(str(without))
    with pytest.raises(ReIDError, match="--xent_weight=0"):
        attempt(victim=str(without))
    assert not (tmp_path / "run").exists()


def test_the_command_reads_its_flags(crowd, victim):
    arguments = ["--preset=small", f"--data={crowd}", f"--victim={victim}", "--dry_run"]
    done = call("trainers.train_misrank", *arguments, "--num_pixels=0.5", "--epsilon_255=8")
    config = json.loads(done.stdout)
    assert config["num_pixels"] == 0.5 and config["epsilon_255"] == 8.0
    assert_refused(call("trainers.train_misrank", *arguments, "--num_pixels=lots"), "--num_pixels")
    assert_refused(call("trainers.train_misrank", *arguments, "--persons=1"), "strangers")
