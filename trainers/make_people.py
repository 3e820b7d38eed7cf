"""Draws synthetic pedestrians: a data set in Market-1501's layout, no real person in it.

    python -m trainers.make_people --output=runs/people --seed=0 --contact_sheet=runs/people.jpg

The same settings give the same bytes. A folder that holds the same data set already is kept.
"""

import sys
import time

from absl import flags

from keras_reid.data.contact_sheet import write_contact_sheet
from keras_reid.data.people.style import STYLES
from keras_reid.data.synthetic import PeopleConfig, write_people
from keras_reid.errors import ReIDError
from keras_reid.runs import entry

DEFAULTS = PeopleConfig()
TELL_SECONDS = {True: 0.5, False: 5.0}  # on a terminal, elsewhere


def define_flags():
    """This command's flags; their defaults are the library's."""
    flags.DEFINE_string("output", None, "Folder to make.")
    flags.DEFINE_integer("seed", DEFAULTS.seed, "Another seed, other people and cameras.")
    flags.DEFINE_integer("train_ids", DEFAULTS.train_ids, "People to train on.")
    flags.DEFINE_integer("test_ids", DEFAULTS.test_ids, "Other people, to be found.")
    flags.DEFINE_integer("cameras", DEFAULTS.cameras, "2 to 9.")
    flags.DEFINE_integer(
        "images_per_camera", DEFAULTS.images_per_camera, "Of a person under each camera it passes."
    )
    flags.DEFINE_list("size", list(map(str, DEFAULTS.size)), "Height,width of the crops.")
    flags.DEFINE_enum("style", DEFAULTS.style, sorted(STYLES), "Place, cameras and clothes.")
    flags.DEFINE_float("distractors", DEFAULTS.distractors, "Images of pid 0, share of gallery.")
    flags.DEFINE_float("junk", DEFAULTS.junk, "Images of pid -1, as a share of the gallery.")
    flags.DEFINE_integer("workers", None, "Processes; one a core if not given.")
    flags.DEFINE_string("contact_sheet", None, "PNG or JPEG: a row a person, a column a camera.")


def config_from_flags(values):
    """PeopleConfig, with the flag's name in the sentence where a size is none."""
    try:
        size = tuple(int(side) for side in values.size)
    except ValueError:
        raise ReIDError(f"--size={','.join(values.size)} is not height,width") from None
    names = ("seed", "train_ids", "test_ids", "cameras", "images_per_camera", "style",
             "distractors", "junk")  # fmt: skip
    return PeopleConfig(size=size, **{name: getattr(values, name) for name in names})


def main(argv):
    del argv
    values = flags.FLAGS
    if not values.output:
        raise ReIDError("--output is missing: the folder to make")
    config = config_from_flags(values)
    started = time.monotonic()
    summary = write_people(
        values.output, config, workers=values.workers, progress=Progress(sys.stderr)
    )
    counts = ", ".join(f"{count} {word}" for word, count in summary.counts.items())
    if summary.reused:
        print(f"{summary.root} holds these people already, untouched: {counts}")
    else:
        print(f"{summary.root}: {counts}; {time.monotonic() - started:.1f} s")
    print(f"digest {summary.digest}")
    if values.contact_sheet:
        write_contact_sheet(values.contact_sheet, summary.root)
        print(f"written: {values.contact_sheet}")


class Progress:
    """Images done, images a second, time left: one line, rewritten where that is possible."""

    def __init__(self, stream, clock=time.monotonic):
        self._stream, self._clock = stream, clock
        self._live = stream.isatty()
        self._begun = self._told = clock()

    def __call__(self, done, total):
        now = self._clock()
        if now - self._told < TELL_SECONDS[self._live] and done < total:
            return
        self._told = now
        speed = done / max(now - self._begun, 1e-9)
        line = f"{done}/{total} images  {speed:.0f} images/s  ETA {(total - done) / speed:.0f} s"
        ending = "\n" if not self._live or done == total else ""
        print(f"\r{line:<60}" if self._live else line, end=ending, file=self._stream, flush=True)


def cli():
    """Console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
