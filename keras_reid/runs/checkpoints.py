"""Saving and restoring everything that a run needs to go on as if nothing had happened."""

import re
from pathlib import Path

import keras
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError, first_line

STACK = "stack/.ATTRIBUTES/VARIABLE_VALUE"


class Checkpoints:
    """The last few states of a run.

    Args:
      folder: where they lie.
      objects: name -> model, optimizer or tf.Variable. Optimizers must be built, so that restoring
        fills every slot at once. Models are saved variable by variable, under names that are the
        same whatever Keras wrote them (`keras_reid.models.load_weights` reads them).
      keep: how many to keep.
    """

    def __init__(self, folder, objects, keep=2):
        self.folder = Path(folder)
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")
        self._stack = tf.Variable(compat.STACK, trainable=False, name="stack")
        named = {
            name: compat.named_variables(each) if isinstance(each, keras.Model) else each
            for name, each in objects.items()
        }
        self._checkpoint = tf.train.Checkpoint(step=self._step, stack=self._stack, **named)
        _drop_damaged_list(self.folder)
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(self.folder), max_to_keep=keep, checkpoint_name="step"
        )

    def save(self, step):
        """Saves the state reached after `step` steps."""
        self._step.assign(step)
        try:
            self._manager.save(checkpoint_number=step)
        except (tf.errors.OpError, OSError) as error:
            raise ReIDError(
                f"cannot write a checkpoint in {self.folder} ({first_line(error)}); "
                "make room, then start the same command again: it resumes"
            ) from error

    def restore(self, say=lambda sentence: None):
        """Restores the newest readable state and returns its step; 0 when there is none at all.

        Args:
          say: told about each checkpoint that is passed over because it cannot be read.

        Raises:
          ReIDError: there are checkpoints, but none can be read.
        """
        prefixes = self._newest_first()
        for prefix in prefixes:
            _check_stack(prefix)
            try:
                self._checkpoint.restore(str(prefix)).assert_existing_objects_matched()
                self._stack.assign(compat.STACK)
                return int(self._step.numpy())
            # TensorFlow tells damage in a dozen types, IndexError and AssertionError among them.
            except Exception as error:
                reason = first_line(error)
                say(f"checkpoint {prefix} cannot be read ({reason}); trying the one before")
        if prefixes:
            raise ReIDError(
                f"none of the {len(prefixes)} checkpoints in {self.folder} can be read; "
                "restore them from a copy, or start again in a new workdir"
            )
        return 0

    def _newest_first(self):
        # From the files, not from TensorFlow's own list: that list may be damaged too.
        pattern = re.compile(r"step-(\d+)\.(index|data-.*)")
        names = (pattern.fullmatch(path.name) for path in self.folder.glob("*"))
        steps = sorted({int(name[1]) for name in names if name}, reverse=True)
        return [self.folder / f"step-{step}" for step in steps]


def _check_stack(prefix):
    """Refuses what the other Keras wrote: optimizers keep their state each in a way of its own."""
    try:
        stack = tf.train.load_variable(str(prefix), STACK).decode()
    except Exception:  # damaged: told by whoever restores it
        return
    if not compat.same_major(stack.split()[-1]):
        workdir = prefix.resolve().parents[1]
        raise ReIDError(
            f"{prefix} was written by {stack}, whose optimizer state {compat.STACK} cannot read; "
            f"go on there, or start a new workdir with --init_from={workdir}"
        )


def _drop_damaged_list(folder):
    """TensorFlow's list of checkpoints can be done without, but not read when it is damaged."""
    try:
        tf.train.get_checkpoint_state(str(folder))
    except (UnicodeDecodeError, ValueError):
        (folder / "checkpoint").unlink()
