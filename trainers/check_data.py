"""The data doctor: what is wrong with a data set, as a table.

    python -m trainers.check_data --dataset=market1501 --data=DIR

Exits 0 if nothing is wrong (warnings allowed), 1 if something is, 2 if the data can't be looked at.
"""

import sys
import time

from absl import flags

from keras_reid.data import LOADERS
from keras_reid.files import write_json
from keras_reid.runs import entry
from trainers.data_choice import load_chosen

QUIET_SECONDS = 5


def define_flags():
    """This command's flags."""
    flags.DEFINE_enum("dataset", "market1501", list(LOADERS), "Layout of the data.")
    flags.DEFINE_string("data", None, "Folder of the data set; with --dataset=csv the file.")
    flags.DEFINE_string("json", None, "File to write the findings to as JSON as well.")
    flags.DEFINE_bool("acknowledge_withdrawn", False, "Read DukeMTMC-reID although withdrawn.")
    flags.DEFINE_enum("camid_policy", None, ["unique"], "CSV: give every image its own camera.")
    flags.DEFINE_enum("cuhk03_images", "detected", ["detected", "labeled"], "CUHK03: whose boxes.")
    flags.DEFINE_bool("include_val", False, "MSMT17: train on list_val.txt too.")


def main(argv):
    del argv
    values = flags.FLAGS
    dataset = load_chosen(values, Progress("camera pairs extracted"))
    # TensorFlow takes seconds to start; a wrong folder is told before that.
    from keras_reid.data.doctor import ERROR, examine

    diagnosis = examine(dataset, Progress("images looked at"))
    print(table(diagnosis))
    if values.json:
        write_json(values.json, diagnosis.as_dict())
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
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
