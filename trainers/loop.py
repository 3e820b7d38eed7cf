"""The one training loop of all trainers: resume, train, log, validate, keep the best, save."""

import contextlib
import math
import signal
import threading
import time
from typing import Protocol

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.files import aside
from keras_reid.runs.checkpoints import Checkpoints
from trainers.progress import TrainingProgress


class Task(Protocol):
    """What one kind of training brings to the loop."""

    epochs: int
    steps_per_epoch: int
    batch_size: int
    model: object  # keras.Model to keep the best weights of
    state: dict  # name -> model, optimizer, variable: all that changes, for the checkpoint
    selected_by: str | None  # the validation number to maximise; None: the last epoch is the best
    validate_every: int  # epochs

    def batches(self, start_step):
        """Iterable of batches; batch k is that of step `start_step + k`, resumed or not."""

    def train_step(self, *batch):
        """One update; {name: scalar tensor}, with "loss" among them."""

    def learning_rate(self, step):
        """A float, for the log."""

    def begin_epoch(self, epoch):
        """Called before the first step of each epoch; what it makes must be part of `state`."""

    def validate(self):
        """{name: number} on held-out training identities; {} without any."""

    def pictures(self):
        """{name: uint8 [n, H, W, 1 or 3]} to look at after a validation; {} for none."""


def run_training(task, run, *, stop_after_epochs=None, log_every=50, stream=None):
    """Trains `task` in the open workdir `run`, from where an earlier call stopped.

    Args:
      task: Task.
      run: Workdir.
      stop_after_epochs: end this call after so many epochs; the same command goes on later.
      log_every: steps between entries of metrics.jsonl inside an epoch.
      stream: where progress is printed; None: standard error.

    Returns:
      Summary: {"finished", "steps", "epochs", "seconds", "best_epoch", "validation", ...}.

    Raises:
      ReIDError: the loss is not a number any more; the last good checkpoint stays.
      KeyboardInterrupt: Ctrl-C, after the state was saved.
    """
    best = Best(run, task)
    checkpoints = Checkpoints(run.checkpoints, {**task.state, **best.state})
    total = task.epochs * task.steps_per_epoch
    notes = []
    first = checkpoints.restore(notes.append)
    run.forget_after(first)
    end = total
    if stop_after_epochs is not None:
        end = min(total, (first // task.steps_per_epoch + stop_after_epochs) * task.steps_per_epoch)
    progress = TrainingProgress(first, end, task.steps_per_epoch, task.batch_size, stream)
    for note in notes:
        progress.say(note)
    if first:
        progress.say(f"resuming at step {first} (epoch {first / task.steps_per_epoch:.4g})")

    if first < end:
        run.log_start(first)
    recent = Recent()
    began = time.monotonic()
    batches = iter(task.batches(first)) if first < end else None
    with delayed_interrupt() as interrupted:
        for step in range(first, end):
            if step % task.steps_per_epoch == 0:
                task.begin_epoch(step // task.steps_per_epoch)
            waiting = time.monotonic()
            batch = next(batches)
            arrived = time.monotonic()
            recent.add(task.train_step(*batch), arrived - waiting)
            done = step + 1

            epoch_ends = done % task.steps_per_epoch == 0
            if epoch_ends or done % log_every == 0 or interrupted() or progress.due():
                values = {**recent.means(done), "learning_rate": task.learning_rate(step)}
                progress.tell(done, values)
                if epoch_ends or done % log_every == 0:
                    run.log(done, {**values, "images_per_second": progress.speed(done)})
                    recent = Recent()
            if epoch_ends:
                paused = time.monotonic()
                _check_finite(task.model, done)
                _end_of_epoch(task, run, best, done, progress)
                checkpoints.save(done)
                progress.exclude(time.monotonic() - paused)
            if interrupted():
                if not epoch_ends:
                    _check_finite(task.model, done)
                    checkpoints.save(done)
                progress.say(f"interrupted: saved at step {done}; the same command goes on")
                raise KeyboardInterrupt
    earlier = run.result() if first else {}
    return {
        "finished": end == total,
        "steps": end,
        "epochs": end / task.steps_per_epoch,
        "seconds": round(earlier.get("seconds", 0.0) + time.monotonic() - began, 1),
        "images_per_second": (
            round(progress.speed(end), 1) if end > first else earlier.get("images_per_second")
        ),
        **best.summary(),
    }


class Best:
    """The best validation so far, and the weights that reached it, in model.keras."""

    def __init__(self, run, task):
        self._run = run
        self._model = task.model
        self._name = task.selected_by
        self._score = tf.Variable(-math.inf, dtype=tf.float64, trainable=False, name="best_score")
        self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="best_epoch")
        self.state = {"best_score": self._score, "best_epoch": self._epoch}

    def offer(self, epoch, validation):
        """Keeps the model's present weights if `validation` is the best; says whether it did."""
        if self._name is not None:
            score = validation[self._name]
            if score <= float(self._score.numpy()):
                return False
            self._score.assign(score)
        self._epoch.assign(epoch)
        with aside(self._run.model_file) as draft:
            self._model.save(str(draft))
        return True

    def summary(self):
        """What result.json says about it."""
        chosen = {self._name: float(self._score.numpy())} if self._name else {}
        return {"best_epoch": int(self._epoch.numpy()), "validation": chosen}


class Recent:
    """Means of what the steps since the last log entry returned, fetched only when asked for."""

    def __init__(self):
        self._values = []
        self._data_seconds = []

    def add(self, values, data_seconds):
        self._values.append(values)
        self._data_seconds.append(data_seconds)

    def means(self, step):
        """{name: mean}, or ReIDError when a loss among them is not a number."""
        means = {
            name: float(np.mean([values[name] for values in self._values]))
            for name in self._values[0]
        }
        broken = [name for name, value in means.items() if not math.isfinite(value)]
        if broken:
            raise ReIDError(
                f"{' and '.join(broken)} became {means[broken[0]]} before step {step}; the last "
                "good checkpoint is kept: try a lower --learning_rate, a longer --warmup_epochs "
                "or --mixed_precision=none, in a new workdir"
            )
        return {**means, "data_seconds": float(np.mean(self._data_seconds))}


def _end_of_epoch(task, run, best, step, progress):
    epoch = step // task.steps_per_epoch
    if epoch % task.validate_every and epoch != task.epochs:
        return
    validation = task.validate()
    if validation:
        run.log(step, {f"validation_{name}": value for name, value in validation.items()})
    pictures = task.pictures()
    if pictures:
        run.log_pictures(step, pictures)
    kept = best.offer(epoch, validation)
    numbers = "  ".join(f"{name} {value:.4f}" for name, value in validation.items())
    progress.say(f"epoch {epoch}/{task.epochs}  {numbers}{'  (best so far)' if kept else ''}")


def _check_finite(model, step):
    """A finite loss may still have moved the weights to NaN, which must not be saved."""
    for variable in model.variables:
        if not np.isfinite(np.asarray(variable)).all():
            raise ReIDError(
                f"the weights became NaN or infinite by step {step}; the last good checkpoint is "
                "kept: try a lower --learning_rate or --mixed_precision=none, in a new workdir"
            )


@contextlib.contextmanager
def delayed_interrupt():
    """Yields a function that says whether Ctrl-C was pressed; a second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed = []

    def remember(number, frame):
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
