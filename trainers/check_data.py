"""The data doctor: what is wrong with a data set, as a table.

    python -m trainers.check_data --dataset=market1501 --data=DIR

Exits 0 if nothing is wrong (warnings allowed), 1 if something is, 2 if the data can't be looked at.
"""

import sys
import time

from absl import flags

from keras_reid.files import write_json
from keras_reid.runs import entry
from trainers.data_flags import DataFlags

QUIET_SECONDS = 5


def check(data_flags, json_file=None):
    """Examines, prints, and returns the exit code."""
    dataset = data_flags.load(Progress("camera pairs extracted"))
    # TensorFlow takes seconds to start; a wrong folder is told before that.
    from keras_reid.data.doctor import ERROR, examine

    diagnosis = examine(dataset, Progress("images looked at"))
    print(table(diagnosis))
    if json_file:
        write_json(json_file, diagnosis.as_dict())
    return 1 if diagnosis.level == ERROR else 0


def table(diagnosis):
    """The diagnosis as text."""
    lines = [f"{diagnosis.name}, fingerprint {diagnosis.fingerprint}", ""]
    lines += [f"{'split':<8} {'images':>8} {'identities':>10} {'cameras':>8}"]
    lines += [
        f"{row.split:<8} {row.images:>8} {row.identities:>10} {row.cameras:>8}"
        for row in diagnosis.splits
    ]
    lines += ["", f"{'level':<5} {'check':<18} {'figure':>7}  what it means"]
    lines += [
        f"{finding.level:<5} {finding.name:<18} {finding.figure:>7}  {finding.sentence}"
        for finding in diagnosis.findings
    ]
    return "\n".join(lines)


class Progress:
    """Says on standard error how far something is and how long it will take, if it takes long."""

    def __init__(self, what, clock=time.monotonic):
        self._what, self._clock = what, clock
        self._begun = self._told = clock()

    def __call__(self, done, total):
        now = self._clock()
        if now - self._told < QUIET_SECONDS:
            return
        self._told = now
        left = (now - self._begun) / done * (total - done)
        print(f"{done}/{total} {self._what}, {left:.0f} s left", file=sys.stderr, flush=True)


def cli():
    """Console script."""
    data_flags = DataFlags.define()
    json_file = flags.DEFINE_string("json", None, "File to write the findings to as JSON as well.")
    entry.run(lambda argv: check(data_flags, json_file.value))


if __name__ == "__main__":
    cli()
