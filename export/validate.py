"""Tries an export on a model server and blesses it, or says why not.

    python -m export.validate --servable=runs/demo/models/reid/1 --model=runs/demo/train \\
        --misrank=runs/demo/misrank --images=runs/demo/people/query

starts a server (tensorflow_model_server where it is on PATH, else python -m serving.serve;
--runner chooses, docker too), waits until both servables are AVAILABLE, asks every signature in
several batch sizes, and compares with the SavedModel; with --model also with what was trained.
Writes INFRA_BLESSED or INFRA_NOT_BLESSED into the version folder, and the requests that passed as
the warm-up that servers replay. Exit code 2 where it is not blessed. See docs/publishing.md.
"""

import contextlib
import signal
import sys

from absl import flags

from export import model_flags
from export.images import random_images, read_images
from export.misrank_signature import load_generator
from export.parity import check_export
from export.publishing.findings import BATCH_SIZES, STEPS, Settings
from export.publishing.infra import validate
from export.publishing.layout import find_export
from export.publishing.runners.choice import AUTO, KINDS, choose
from export.publishing.runners.docker import IMAGE
from export.tables import print_rows
from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from serving.errors import ServingError


def define_flags():
    """This command's flags."""
    model_flags.define_model_flags(required=False)
    flags.DEFINE_string("servable", None, "Version folder of the export.", required=True)
    flags.DEFINE_enum("runner", AUTO, list(KINDS), "Which model server.")
    flags.DEFINE_string("binary", None, "Path of tensorflow_model_server; default: on PATH.")
    flags.DEFINE_string("image", IMAGE, "Docker image of --runner=docker.")
    flags.DEFINE_string("images", None, "Folder of JPEG or PNG crops; default: drawn by lot.")
    flags.DEFINE_string("misrank", None, "Run whose generator was exported, beside --model.")
    flags.DEFINE_list("batch_sizes", list(BATCH_SIZES), "Rows of the requests, ascending.")
    flags.DEFINE_integer("steps", STEPS, "Steps of the iterative attacks.", lower_bound=1)
    flags.DEFINE_float("timeout", 300.0, "Seconds for a start, a load, a request.", lower_bound=1)


def settings_from(values):
    """The Settings that the flags describe."""
    try:
        sizes = tuple(int(size) for size in values.batch_sizes)
    except ValueError as error:
        raise ReIDError(f"--batch_sizes holds what is no number ({error}); say 1,4") from error
    return Settings(batch_sizes=sizes, steps=values.steps, timeout=values.timeout)


def trained_rows(values, export, images):
    """Rows of trained = exported; none without --model."""
    if not values.model:
        if values.misrank:
            raise ReIDError("--misrank goes with --model, which the export is compared with")
        return []
    model = model_flags.load(values)
    generator = load_generator(values.misrank, model) if values.misrank else None
    print("comparing with the trained model ...", flush=True)
    pixels = images(4, model.input_size)
    return check_export(model, export.main, pixels, steps=values.steps, generator=generator)


def main(argv):
    del argv
    values = flags.FLAGS
    settings, export = settings_from(values), find_export(values.servable)
    make_runner = choose(values.runner, values.binary, values.image)

    def images(count, size):
        found = read_images(values.images, count, size) if values.images else None
        if found is None or len(found) < count:
            return random_images(count, size)
        return found

    rows = trained_rows(values, export, images)
    with stopped_by_sigterm():
        findings = validate(
            export,
            make_runner,
            images,
            settings,
            extra_rows=rows,
            say=lambda line: print(line, flush=True),
            tell=waiting_for_server(),
            origin=provenance(sys.argv),
        )
    print_rows(findings.rows)
    for name in findings.not_checked:
        print(f"  not checked: {name}")
    if not findings.blessed:
        raise ReIDError(f"{export.main} is INFRA_NOT_BLESSED: {findings.reason}")
    records = ", ".join(f"{count} of {name}" for name, count in findings.warmup_records.items())
    print(f"warm-up records: {records}")
    print(f"one image: {findings.latency['p50_ms']:.1f} ms at the median")
    print(f"INFRA_BLESSED: {export.main}")


@contextlib.contextmanager
def stopped_by_sigterm():
    """SIGTERM ends this process by way of every `finally`, so that no server stays behind."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def waiting_for_server():
    """Told the seconds waited so far; prints them now and then."""
    told = [0.0]

    def tell(seconds):
        if seconds < told[0]:
            told[0] = 0.0  # the next wait has begun
        if seconds - told[0] > 5:
            told[0] = seconds
            print(f"  waiting for the model server, {seconds:.0f} s ...", file=sys.stderr)

    return tell


def cli():
    """The console script."""
    define_flags()
    entry.run(main, errors=(ReIDError, ServingError))


if __name__ == "__main__":
    cli()
