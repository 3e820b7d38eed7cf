"""The folder of a run: its configuration, what it logged, what came out of it.

workdir/
  config.json      every setting, fully resolved; once a step was taken, another one is refused
  metrics.jsonl    one line a log entry: step and values
  provenance.jsonl one line a start or resumption: the command, the code, and from which step
  events/          the same for TensorBoard
  checkpoints/     what resuming needs
  model.keras      the best weights so far
  result.json      what the run ended with, and on what
  .lock            held while a process works here
"""

import fcntl
import json
import os
from pathlib import Path

import tensorflow as tf

from keras_reid.errors import ReIDError
from keras_reid.files import aside, write_json
from keras_reid.runs.provenance import provenance
from keras_reid.runs.run_config import read_json, settle_config


class Workdir:
    """An open run folder; use it in a `with` statement, or `close` it."""

    def __init__(self, path, lock):
        self.path = Path(path)
        self._lock = lock
        self._events = None

    @classmethod
    def open(cls, path, config):
        """Makes the folder, or reopens it for the same configuration.

        Args:
          path: a new or empty folder, or the workdir of an earlier run of the same configuration.
          config: dataclass (or dictionary) of plain values; written as config.json.

        Raises:
          ReIDError: another process works there, another configuration lies there (the difference
            is in the message), the folder holds something else, or it cannot be written.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = _take_lock(path / ".lock")
        except OSError as error:
            raise ReIDError(
                f"cannot use {path} as workdir: {error.strerror}; choose a folder you can write"
            ) from error
        try:
            settle_config(path, config)
        except BaseException:
            lock.close()
            raise
        return cls(path, lock)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Gives the folder free for another process."""
        if self._events is not None:
            self._events.close()
            self._events = None
        self._lock.close()

    @property
    def checkpoints(self):
        return self.path / "checkpoints"

    @property
    def model_file(self):
        return self.path / "model.keras"

    @property
    def result_file(self):
        return self.path / "result.json"

    @property
    def metrics_file(self):
        return self.path / "metrics.jsonl"

    @property
    def provenance_file(self):
        return self.path / "provenance.jsonl"

    def log(self, step, values):
        """Appends numbers to metrics.jsonl and to TensorBoard's events."""
        values = {name: float(value) for name, value in values.items()}
        _append(self.metrics_file, {"step": int(step), **values})
        values = {name: tf.constant(value, tf.float32) for name, value in values.items()}
        self._write_events(step, values, _metadata("scalars", 1))

    def log_pictures(self, step, pictures):
        """Shows {name: uint8 [n, H, W, 1 or 3]} in TensorBoard."""
        encoded = {}
        for name, pixels in pictures.items():
            height, width = pixels.shape[1:3]
            files = [tf.io.encode_png(each) for each in pixels]
            encoded[name] = tf.stack([str(width), str(height), *files])
        self._write_events(step, encoded, _metadata("images", 3))

    def _write_events(self, step, tensors, metadata):
        if self._events is None:
            self._events = tf.summary.create_file_writer(str(self.path / "events"))
        with self._events.as_default(step=int(step)):
            for name, tensor in tensors.items():
                tf.summary.write(name, tensor, metadata=metadata)
        self._events.flush()

    def metrics(self):
        """Every entry of metrics.jsonl; a line that a crash cut short is left out."""
        return _read_lines(self.metrics_file)

    def log_start(self, first_step):
        """Notes who trains from `first_step` on: a run that breaks off leaves no result.json."""
        _append(self.provenance_file, {"provenance": provenance(), "first_step": int(first_step)})

    def starts(self):
        """Every entry of provenance.jsonl, the newest last."""
        return _read_lines(self.provenance_file)

    def forget_after(self, step):
        """Drops log entries of steps that a resumed run is about to repeat."""
        entries = self.metrics()
        kept = [entry for entry in entries if entry["step"] <= step]
        if len(kept) < len(entries):
            with aside(self.metrics_file) as draft:
                draft.write_text("".join(json.dumps(entry) + "\n" for entry in kept))

    def result(self):
        """What an earlier call of this run wrote to result.json, or {}."""
        return read_json(self.result_file) if self.result_file.exists() else {}

    def finish(self, result):
        """Writes result.json and returns `result`."""
        write_json(self.result_file, result)
        return result


def _append(path, entry):
    try:
        with open(path, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(entry) + "\n")
    except OSError as error:
        raise ReIDError(f"cannot write {path}: {error.strerror}") from error


def _read_lines(path):
    """Every entry of a .jsonl file; a line that a crash cut short is left out."""
    if not path.exists():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
    return entries


def _metadata(plugin, data_class):
    """Marks a summary; tf.summary.scalar and .image would, but need the tensorboard package."""
    metadata = tf.compat.v1.SummaryMetadata(data_class=data_class)
    metadata.plugin_data.plugin_name = plugin
    return metadata


def _take_lock(path):
    """An open file that holds the lock until it is closed, even by a crash: none goes stale."""
    file = open(path, "a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise ReIDError(
            f"{path.parent} is in use by process {holder}; wait for it, or choose another workdir"
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
