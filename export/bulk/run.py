"""A bulk run from its input to its summary."""

import contextlib
import io
import re

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineState

from export.bulk.backends import open_backend
from export.bulk.layout import (
    SUCCESS,
    Output,
    names_below,
    read_json,
    remove_drafts,
    under,
    write_json,
)
from export.bulk.listing import list_items
from export.bulk.pipeline import Job, build
from export.bulk.prepare import (
    batch_size,
    check_attack,
    images_of,
    number_of_shards,
    settings_of,
    settle,
    write_listings,
)
from export.bulk.progress import progress
from export.bulk.work import Work
from keras_reid.errors import ReIDError, first_line
from keras_reid.runs.provenance import provenance
from serving.errors import ServingError

DIRECT = "DirectRunner"
# Beam's own DirectRunner would fetch a program from the network and hand over to it. This is what
# it falls back to, and it needs nothing but this process.
IN_PROCESS = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
WHERE = " [while running"  # what Beam appends to the message of an exception
OURS = re.compile(r"(?:ReIDError|serving\.errors\.\w+): (.*?)(?: \[while running|\n|$)")


def bulk(
    source, input_, output, *, attack=None, seed=0, suffix="parquet", shards=None, batch=None,
    runner=DIRECT, options=(), say=lambda line: None,
):  # fmt: skip
    """Embeds, and attacks, every image of `input_`; takes up again what an earlier call began.

    Args:
      source: ServableSource or ServerSource.
      input_: folder, pattern, CSV table or TFRecords, see `list_items`.
      output: folder; see `export.bulk` for what it will hold.
      attack: Attack, or None to embed only.
      seed: of the attack's random starts.
      suffix: "parquet" or "tfrecord".
      shards: partitions, and files of records; None: one for every 256 images.
      batch: images at a time; None: 32, or what the export takes.
      runner: name of a Beam runner.
      options: command line options for Beam, ["--name=value", ...].
      say: called with a line of progress.

    Returns:
      {"images", "dead_letters", "attacks_failed", "bytes", "seconds", "partitions", "settings",
      "provenance"}, also written as `_SUCCESS`; "seconds" is the sum over partitions.

    Raises:
      ReIDError, ServingError: bad input, or a run that could not go on; what is whole is kept.
    """
    pipeline = new_pipeline(runner, options)
    kind, items = list_items(input_, output)
    backend = open_backend(source)
    try:
        about = backend.description
        if attack:
            check_attack(about, attack)
        work = Work(attack, seed, batch_size(about, batch), about.get("model_fingerprint") or "")
        shards = number_of_shards(len(items), shards)
        settings = settings_of(kind, items, about, work, shards, suffix)
        output = Output(output.rstrip("/"), shards, suffix)
        settle(output.root, settings)
        finished = output.finished()
        todo = [index for index in range(shards) if index not in finished]
        if todo:
            if finished:
                say(f"{len(finished)} of {shards} partitions are there already")
            write_listings(output, items, todo)
            limits = about["limits"]
            job = Job(
                source, work, output, about["embedding_size"], limits["encoded_bytes"], settings
            )
            with progress(output, images_of(items, shards), say):
                run_pipeline(pipeline, job, todo)
        return finish(output, settings)
    finally:
        backend.close()
        open_backend.cache_clear()


def new_pipeline(runner, options):
    """An empty pipeline; what Beam does not like about its options becomes one sentence."""
    name = IN_PROCESS if runner == DIRECT else runner
    refused = io.StringIO()
    try:
        with contextlib.redirect_stderr(refused):
            parsed = PipelineOptions([f"--runner={name}", *options])
            parsed.get_all_options()
            return beam.Pipeline(options=parsed)
    except SystemExit:  # of argparse, which prints its usage first
        reason = refused.getvalue().splitlines()[-1].partition("error: ")[2]
    except (ValueError, ImportError) as error:
        reason = first_line(error)
    told = " ".join([f"--runner={runner}", *options])
    raise ReIDError(f"Beam refuses {told}: {reason}")


def run_pipeline(pipeline, job, indices):
    """Runs the pipeline to its end; a failure becomes one sentence."""
    build(pipeline, job, indices)
    try:
        state = pipeline.run().wait_until_finish()
    except (RuntimeError, ReIDError, ServingError) as error:
        refuse(error)
    if state not in (None, PipelineState.DONE):
        raise ReIDError(f"the job ended as {state}; the same command takes it up again")


def refuse(error):
    """Raises what a runner's error means to a person: runners wrap it, or send its text alone."""
    link = error
    while link is not None:
        # In this process Ctrl-C reaches a worker first.
        if isinstance(link, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        link = link.__cause__ or link.__context__
    ours = isinstance(error, (ReIDError, ServingError))
    found = [str(error).split(WHERE)[0]] if ours else OURS.findall(str(error))
    if not found:
        raise error
    raise ReIDError(f"{found[-1].strip()}; what is done is kept, the same command goes on")


def finish(output, settings):
    """Writes the summary when every partition is whole."""
    counts = output.finished()
    missing = [index for index in range(output.shards) if index not in counts]
    if missing:
        raise ReIDError(
            f"{len(missing)} of {output.shards} partitions were not written, first {missing[0]}; "
            f"can every worker write to {output.root}? The same command goes on"
        )
    if SUCCESS in names_below(output.root):
        return read_json(under(output.root, SUCCESS))
    remove_drafts(output.root)
    total = {name: sum(each[name] for each in counts.values()) for name in counts[0]}
    summary = {
        **total,
        "partitions": output.shards,
        "settings": settings,
        "provenance": provenance(),
    }
    write_json(under(output.root, SUCCESS), summary)
    return summary
