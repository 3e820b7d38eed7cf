"""Training with plug-ins: equal to the built-in loss where it is one, exact resume, precisions."""

import io
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid import compat
from keras_reid.losses import batch_hard_triplet
from keras_reid.models import load_model
from tests.stacks import PAIR
from tests.trainers.crowd import tiny, write_crowd
from tests.trainers.test_train_embedder import checkpoint
from trainers.embedder import resolve, train
from trainers.embedder.losses import EmbedderLosses
from trainers.optimizers import decays_weights, make_optimizer
from trainers.plugin_loss import PluginLoss

OWN = "tests.trainers.own_plugins"
PIDS = np.repeat(np.arange(3, dtype=np.int32), 2)
EMBEDDINGS = np.random.default_rng(0).normal(size=[6, 5]).astype(np.float32)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return write_crowd(tmp_path_factory.mktemp("data") / "crowd")


class TestTheLoss:
    expected = batch_hard_triplet(EMBEDDINGS, PIDS, margin=0.5).numpy()

    @pytest.mark.parametrize("path", [f"{OWN}:Hard", "keras_reid.losses.as_keras:hard_triplet"])
    def test_one_number_per_image_is_passed_on(self, path):
        loss = PluginLoss(path, {"margin": 0.5})(tf.constant(PIDS), tf.constant(EMBEDDINGS))
        np.testing.assert_array_equal(loss, self.expected)

    def test_a_mean_is_dealt_to_its_images(self):
        loss = PluginLoss(f"{OWN}:hard_mean", {"margin": 0.5})
        values = loss(tf.constant(PIDS), tf.constant(EMBEDDINGS)).numpy()
        assert values.shape == (6,)
        np.testing.assert_allclose(values, self.expected.mean(), rtol=1e-6)

    def test_unit_length(self):
        loss = PluginLoss(f"{OWN}:Hard", unit_length=True)
        unit = EMBEDDINGS / np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True)
        np.testing.assert_allclose(
            loss(tf.constant(PIDS), tf.constant(7 * EMBEDDINGS)),
            batch_hard_triplet(unit, PIDS, margin=0.3), rtol=1e-5,
        )  # fmt: skip

    def test_beside_the_identity_loss(self):
        config = resolve("small", loss=f"{OWN}:hard_mean", identity_weight=2.0)
        outputs = {"feature": tf.constant(EMBEDDINGS), "logits": tf.constant(EMBEDDINGS)}
        values = EmbedderLosses(config)(outputs, tf.constant(PIDS))
        np.testing.assert_allclose(
            values["loss"], 2.0 * values["identity_loss"] + values["plugin_loss"], rtol=1e-6
        )


class TestTheOptimizer:
    def step(self, name, weight_decay, args=None):
        """Where one step from 1 leads without a gradient."""
        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
        layer.build((None, 1))
        variables = layer.trainable_variables
        optimizer = make_optimizer(name, 0.1, weight_decay=weight_decay, variables=variables,
                                   args=args)  # fmt: skip
        optimizer.apply_gradients([(tf.zeros([1, 1]), variables[0])])
        return float(np.asarray(variables[0])[0, 0])

    @pytest.mark.parametrize(("name", "own"), [
        ("adam", False), ("adamw", True), (f"{OWN}:Descent", True), (f"{OWN}:Plain", False),
        ("keras.optimizers:Lion", True), (PAIR["optimizer"], True),
    ])  # fmt: skip
    def test_weight_decay_has_one_place(self, name, own):
        assert decays_weights(name) == own
        assert self.step(name, 0.0) == 1.0
        assert (self.step(name, 0.5) < 1.0) == own

    def test_no_weight_decay_means_none(self):
        # Keras' own default would be 0.004.
        assert self.step("keras.optimizers:AdamW", 0.0) == 1.0

    @pytest.mark.skipif(compat.KERAS_3, reason="Keras 3 has no legacy optimizers")
    def test_a_legacy_optimizer_keeps_its_penalty_in_the_loss(self):
        assert not decays_weights("keras.optimizers.legacy:SGD")
        assert self.step("keras.optimizers.legacy:SGD", 0.5) == 1.0


def test_a_plugin_of_our_own_loss_trains_as_that_loss(crowd, tmp_path):
    common = tiny(crowd, epochs=1, held_out=0.0, head="classification")
    losses = {
        "built_in": dict(loss="triplet", margin=0.3),
        "plugin": dict(loss=f"{OWN}:Hard", loss_args={"margin": 0.3}),
    }
    results = {}
    for name, changes in losses.items():
        train(resolve(**common, **changes), tmp_path / name, stream=io.StringIO())
        results[name] = load_model(tmp_path / name).model.get_weights()
    for built_in, plugin in zip(results["built_in"], results["plugin"], strict=True):
        np.testing.assert_allclose(plugin, built_in, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_mixed_precision(crowd, tmp_path, precision):
    config = resolve(**tiny(crowd, **PAIR, loss_unit_length=True, epochs=1, held_out=0.0,
                            identity_weight=0.5, mixed_precision=precision))  # fmt: skip
    stream = io.StringIO()
    assert train(config, tmp_path, stream=stream)["finished"]
    assert "plugin_loss" in stream.getvalue() and load_model(tmp_path).logits is not None


RESUMED = """
import io, sys
from tests.stacks import PAIR
from tests.trainers.crowd import tiny
from trainers.embedder import resolve, train

data, runs = sys.argv[1:]
config = resolve(**tiny(data, **PAIR, loss_unit_length=True, deterministic=True))
train(config, f"{runs}/straight", stream=io.StringIO())
for _ in range(2):
    train(config, f"{runs}/resumed", stop_after_epochs=1, stream=io.StringIO())
"""


def in_a_process(script, *arguments):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True
    )


@pytest.mark.slow
def test_resumed_equals_straight_bit_for_bit(crowd, tmp_path):
    done = in_a_process(RESUMED, crowd, tmp_path)
    assert done.returncode == 0, done.stderr
    straight, resumed = (checkpoint(tmp_path / name) for name in ("straight", "resumed"))
    assert int(straight["step/.ATTRIBUTES/VARIABLE_VALUE"]) == 12
    slots = [name for name in straight if "optimizer" in name.lower() or "SLOT" in name]
    assert len(slots) > 20 and set(straight) == set(resumed)
    for name, value in straight.items():
        if "save_counter" not in name:
            np.testing.assert_array_equal(resumed[name], value, err_msg=name)
    best = [load_model(tmp_path / name).fingerprint for name in ("straight", "resumed")]
    assert best[0] == best[1]


MIRRORED = """
import io, sys, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.stacks import PAIR
from tests.trainers.crowd import tiny
from trainers.embedder import resolve, train

data, runs = sys.argv[1:]
config = resolve(**tiny(data, **PAIR, loss_unit_length=True, strategy="mirrored", epochs=1,
                        persons=4, mixed_precision="float16"))
print("trained", train(config, runs + "/mirrored", stream=io.StringIO())["finished"])
"""


def test_mirrored_trains_on_two_devices(crowd, tmp_path):
    done = in_a_process(MIRRORED, crowd, tmp_path)
    assert "trained True" in done.stdout, done.stderr
