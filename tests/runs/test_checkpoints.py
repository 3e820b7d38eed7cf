"""Checkpoints: everything comes back, and damage is told."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.runs.checkpoints import Checkpoints


def trained(steps, width=3):
    """A tiny model and its optimizer after some steps."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(width, name="dense")])
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(tf.ones((1, 2))) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return {"model": model, "optimizer": optimizer}


def values(objects):
    variables = objects["optimizer"].variables
    variables = variables() if callable(variables) else variables
    return [np.asarray(v) for v in (*objects["model"].variables, *variables)]


def test_weights_and_optimizer_come_back(tmp_path):
    objects = trained(steps=3)
    Checkpoints(tmp_path, objects).save(3)
    fresh = trained(steps=0)
    assert Checkpoints(tmp_path, fresh).restore() == 3
    for before, after in zip(values(objects), values(fresh), strict=True):
        np.testing.assert_array_equal(before, after)


def test_nothing_there_is_step_zero(tmp_path):
    assert Checkpoints(tmp_path / "new", trained(steps=0)).restore() == 0


def test_old_ones_are_removed(tmp_path):
    checkpoints = Checkpoints(tmp_path, trained(steps=0), keep=2)
    for step in (1, 2, 3):
        checkpoints.save(step)
    assert sorted(path.name for path in tmp_path.glob("*.index")) == ["step-2.index",
                                                                      "step-3.index"]  # fmt: skip


@pytest.mark.parametrize("ending", ["index", "data-00000-of-00001"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "removed"])
def test_damage_falls_back_to_the_one_before_and_says_so(tmp_path, ending, damage):
    objects = trained(steps=1)
    checkpoints = Checkpoints(tmp_path, objects)
    checkpoints.save(1)
    good = values(objects)
    checkpoints.save(2)
    hurt(tmp_path / f"step-2.{ending}", damage)
    notes = []
    fresh = trained(steps=0)
    assert Checkpoints(tmp_path, fresh).restore(notes.append) == 1
    assert "step-2 cannot be read" in notes[0]
    for before, after in zip(good, values(fresh), strict=True):
        np.testing.assert_array_equal(before, after)


def test_when_all_are_damaged_it_refuses(tmp_path):
    Checkpoints(tmp_path, trained(steps=0)).save(1)
    hurt(tmp_path / "step-1.data-00000-of-00001", "flipped")
    with pytest.raises(ReIDError, match="none of the 1 checkpoints"):
        Checkpoints(tmp_path, trained(steps=0)).restore()


def test_damaged_list_of_checkpoints_is_not_needed(tmp_path):
    Checkpoints(tmp_path, trained(steps=0)).save(5)
    (tmp_path / "checkpoint").write_bytes(b"\x00\xff")
    assert Checkpoints(tmp_path, trained(steps=0)).restore() == 5


def test_checkpoint_of_another_model_is_refused(tmp_path):
    Checkpoints(tmp_path, trained(steps=0, width=3)).save(1)
    with pytest.raises(ReIDError, match="none of the 1 checkpoints"):
        Checkpoints(tmp_path, trained(steps=0, width=4)).restore()


def test_a_full_or_forbidden_disk_is_told(tmp_path):
    checkpoints = Checkpoints(tmp_path / "checkpoints", trained(steps=0))
    (tmp_path / "checkpoints").mkdir(exist_ok=True)
    (tmp_path / "checkpoints").rmdir()
    (tmp_path / "checkpoints").write_bytes(b"a file where the folder was")
    with pytest.raises(ReIDError, match="cannot write a checkpoint"):
        checkpoints.save(1)


def hurt(path, damage):
    if damage == "removed":
        path.unlink()
        return
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    else:
        content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def test_the_other_stacks_checkpoint_is_refused_with_what_to_do(tmp_path, monkeypatch):
    other = "TensorFlow 2.15.1 with Keras " + ("2.15.0" if compat.KERAS_3 else "3.15.1")
    monkeypatch.setattr(compat, "STACK", other)
    folder = tmp_path / "run" / "checkpoints"
    Checkpoints(folder, trained(steps=1)).save(1)
    monkeypatch.undo()
    with pytest.raises(ReIDError, match=f"{other}.*--init_from={tmp_path}/run"):
        Checkpoints(folder, trained(steps=0)).restore()
