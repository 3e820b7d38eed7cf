"""The Beam pipeline: partitions in, files out; the same graph on every runner.

    partition numbers -> Reshuffle -> read -> RunInference -> write

An element is a partition, not an image: each is written as soon as it is done, on whatever machine
it was, so that a run which dies loses those under way and no more.
"""

import dataclasses
import time
from typing import NamedTuple

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler, PredictionResult, RunInference

from export.bulk.backends import ServableSource, ServerSource, open_backend
from export.bulk.items import Item
from export.bulk.layout import Output, read_lines, write_aside, write_json, write_lines
from export.bulk.reading import read_all
from export.bulk.schema import WRITERS, columns
from export.bulk.work import Work, work_through

NAMESPACE = "bulk"


@dataclasses.dataclass(frozen=True)
class Job:
    """All that a worker has to know; plain values, so that any runner can send it.

    settings: what `_job.json` holds, and the metadata of Parquet files.
    """

    source: ServableSource | ServerSource
    work: Work
    output: Output
    embedding_size: int
    encoded_bytes: int
    settings: dict


class Loaded(NamedTuple):
    """One partition on its way through the pipeline: what could be read, and what could not."""

    index: int
    images: list
    letters: list
    seconds: float


def build(pipeline, job, indices):
    """Adds the work on the partitions `indices` to a Beam pipeline; gives their counts."""
    return (
        pipeline
        | "Partitions" >> beam.Create(list(indices), reshuffle=False)
        | "Spread" >> beam.Reshuffle()
        | "Read" >> beam.ParDo(Read(job.output, job.encoded_bytes))
        | "Infer" >> RunInference(Handler(job.source, job.work))
        | "Write" >> beam.ParDo(Write(job))
    )


class Read(beam.DoFn):
    """Partition number -> Loaded."""

    def __init__(self, output, encoded_bytes):
        self._output = output
        self._encoded_bytes = encoded_bytes

    def process(self, index):
        begin = time.monotonic()
        items = [Item(*row) for row in read_lines(self._output.listing(index))]
        images, letters = read_all(items, self._encoded_bytes)
        yield Loaded(index, images, letters, time.monotonic() - begin)


class Handler(ModelHandler):
    """Loaded -> PredictionResult(Loaded without images, (records, letters, seconds))."""

    def __init__(self, source, work):
        super().__init__(min_batch_size=1, max_batch_size=1)  # a partition is batch enough
        self._source = source
        self._work = work

    def load_model(self):
        return open_backend(self._source)

    def run_inference(self, batch, model, inference_args=None):
        for loaded in batch:
            begin = time.monotonic()
            records, letters = work_through(model, self._work, loaded.images)
            model.check_unchanged()
            outcome = records, letters, time.monotonic() - begin
            yield PredictionResult(loaded._replace(images=[]), outcome)

    def get_num_bytes(self, batch):
        return sum(len(encoded) for loaded in batch for _, encoded in loaded.images)

    def get_metrics_namespace(self):
        return NAMESPACE


class Write(beam.DoFn):
    """A partition's outcome -> its files, the manifest last, and the counts in it."""

    def __init__(self, job):
        self._job = job
        self._images = Metrics.counter(NAMESPACE, "images")
        self._letters = Metrics.counter(NAMESPACE, "dead_letters")
        self._seconds = Metrics.distribution(NAMESPACE, "partition_milliseconds")

    def process(self, prediction):
        job, loaded = self._job, prediction.example
        records, letters, seconds = prediction.inference
        letters = loaded.letters + letters
        attacked = job.work.attack is not None
        write = WRITERS[job.output.suffix]
        content = write(records, columns(job.embedding_size, attacked), job.settings)
        write_aside(job.output.data(loaded.index), content)
        write_lines(job.output.dead_letters(loaded.index), [each._asdict() for each in letters])
        counts = {
            "images": len(records),
            "dead_letters": len(letters),
            "attacks_failed": sum(not record.get("valid", True) for record in records),
            "bytes": len(content),
            "seconds": round(loaded.seconds + seconds, 3),
        }
        write_json(job.output.done(loaded.index), counts)
        self._images.inc(len(records))
        self._letters.inc(len(letters))
        self._seconds.update(int(1000 * counts["seconds"]))
        yield counts
