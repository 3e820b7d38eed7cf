"""Embeds, and attacks, a data set of any size with Apache Beam into Parquet or TFRecord files.

    python -m export.bulk_embed --input=runs/demo/people/bounding_box_test \\
        --servable=runs/demo/models/reid/1 --output=runs/bulk --attack=sma --epsilon_255=5

Said again after it was stopped, the same command goes on. --server=host:port in place of --servable
asks a model server. Options for Beam follow after `--`; the job runs in this process unless they,
or --runner, say otherwise:

    python -m export.bulk_embed --input=gs://... --output=gs://... --servable=gs://... \\
        --runner=FlinkRunner -- --flink_master=host:8081 --environment_type=DOCKER

Exit codes: 0 done, 1 done but some images are among the dead letters, 2 bad input, 130 Ctrl-C.
"""

import functools
import importlib.util
import logging
import sys

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from serving.credential_flags import define_credential_flags
from serving.errors import ServingError

NEEDED = ("apache_beam", "pyarrow")
DEAD_LETTERS = 1


def define_flags():
    """This command's flags."""
    text, whole, real = flags.DEFINE_string, flags.DEFINE_integer, flags.DEFINE_float
    text("input", None, "Folder or pattern of JPEG / PNG, CSV (path,pid,camid), or TFRecords.")
    text("output", None, "Folder for the records; taken up again where a run was stopped.")
    text("servable", None, "Version folder of an export, run in the workers themselves.")
    text("server", None, "host:port (gRPC) or http://host:port of a model server instead.")
    text("name", "reid", "Name of the model on the server.")
    real("timeout", 60.0, "Seconds that one request to the server may take.", lower_bound=0)
    text(
        "attack", "none", "Attack that makes its own guides: sma, odfa, misrank; none: embed only."
    )
    real("epsilon_255", 5.0, "Largest change of a pixel, in steps of 1/255.", lower_bound=0)
    whole("steps", 15, "Steps of an iterative attack.", lower_bound=0)
    whole("num_pixels", 0, "Pixels that attack misrank may change; 0: all.", lower_bound=0)
    whole("seed", 0, "Seed of random starts; each image's own is drawn from it and its key.")
    flags.DEFINE_enum("format", "parquet", ["parquet", "tfrecord"], "Files to write.")
    whole(
        "shards", None, "Partitions, one file each; default: one per 256 images.",
        lower_bound=1, upper_bound=99_999,
    )  # fmt: skip
    whole("batch_size", None, "Images at a time; default 32, at most the export's.", lower_bound=1)
    define_credential_flags()
    text("runner", "DirectRunner", "Beam runner: DirectRunner, FlinkRunner, DataflowRunner, ...")
    flags.mark_flags_as_required(["input", "output"])


def main(argv, options=()):
    del argv
    values = flags.FLAGS
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ReIDError(
            f"bulk work needs {' and '.join(missing)}, which is not installed: "
            "pip install 'keras_reid[beam]' in an environment of its own"
        )
    if (values.servable is None) == (values.server is None):
        raise ReIDError("name either --servable, an export's folder, or --server, a model server")
    # Beam's notes of what else could be installed, and tracebacks of what comes back as an error.
    logging.getLogger().setLevel(logging.ERROR)
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    from export.bulk.backends import Attack, ServableSource, ServerSource
    from export.bulk.run import bulk

    source = (
        ServableSource(values.servable)
        if values.servable
        else ServerSource(
            values.server,
            values.name,
            values.timeout,
            values.tls_ca,
            values.tls_certificate,
            values.tls_key,
            values.token_file,
        )  # fmt: skip
    )
    attack = Attack(values.attack, values.epsilon_255, values.steps, values.num_pixels)
    summary = bulk(
        source,
        values.input,
        values.output,
        attack=None if values.attack == "none" else attack,
        seed=values.seed,
        suffix=values.format,
        shards=values.shards,
        batch=values.batch_size,
        runner=values.runner,
        options=options,
        say=say,
    )
    print(told(summary, values.output))
    return DEAD_LETTERS if summary["dead_letters"] else 0


def told(summary, output):
    """The summary in one line."""
    failed = summary["attacks_failed"]
    return (
        f"{summary['images']} records in {summary['partitions']} files in {output}, "
        f"{summary['dead_letters']} dead letters in {output}/_dead_letters"
        + (f", {failed} attacks failed" if failed else "")
    )


def say(line):
    print(line, file=sys.stderr, flush=True)


def split(argv):
    """(our own arguments, those after `--`)."""
    if "--" not in argv:
        return argv, []
    place = argv.index("--")
    return argv[:place], argv[place + 1 :]


def cli():
    """The console script."""
    define_flags()
    sys.argv, options = split(sys.argv)
    entry.run(functools.partial(main, options=options), errors=(ReIDError, ServingError))


if __name__ == "__main__":
    cli()
