"""A model on a data set: embedded once, then attacked as often as wanted."""

import copy
import dataclasses
import json

import numpy as np

from keras_reid.data.images import pixel_batches
from keras_reid.data.records import check_evaluation_records, pids_of
from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.clean_set import CleanSet
from keras_reid.evaluation.embed import Embedder, embed_with
from keras_reid.evaluation.generator import GeneratorRunner
from keras_reid.evaluation.guide_checks import check_guides
from keras_reid.evaluation.guiding import SAMPLED
from keras_reid.evaluation.robustness import Attackers, at_rows, run_trial, take_aim
from keras_reid.evaluation.trials import MISRANK
from keras_reid.retrieval import chosen_metric

KEPT_BYTES = 2**29  # of decoded pixels a side; more are read again for every trial


def no_progress(title, total):
    """Tells nobody."""
    return lambda done: None


class Bench:
    """Where trials are run; embeddings, compiled attacks and embedders are made when first needed.

    Args:
      model: LoadedModel.
      dataset: Dataset.
      protocol: Protocol.
      progress: (title, total) -> callable taking how many images are done.
      generator: Generator that trials of "misrank" run, or None.
    """

    def __init__(self, model, dataset, protocol, progress=no_progress, generator=None):
        self.model = model
        self.dataset = dataset
        self.protocol = protocol
        self._progress = progress
        self._generator = generator
        self._embeddings, self._runners, self._embedders, self._pixels = {}, {}, {}, {}

    def under(self, protocol):
        """The same Bench under another Protocol of the same metric and batch size.

        What was embedded and compiled serves both.
        """
        other = copy.copy(self)
        other.protocol = protocol
        return other

    def records(self, split):
        return getattr(self.dataset, split)

    def pids(self, split):
        return pids_of(self.records(split))

    def embeddings(self, split):
        """float32 [N, D] of "query", "gallery" or "train"."""
        if split not in self._embeddings:
            records = self.records(split)
            advance = self._progress(f"embedding {split}", len(records))
            self._embeddings[split] = embed_with(
                self.embedder(split),
                records,
                self.model.input_size,
                progress=lambda done, total: advance(done),
            )
        return self._embeddings[split]

    @property
    def metric(self):
        """By which this model's embeddings are compared."""
        return chosen_metric(self.protocol.metric, self.model.distance)

    @property
    def clean(self):
        """The CleanSet."""
        return CleanSet(
            query=self.dataset.query,
            gallery=self.dataset.gallery,
            query_embeddings=self.embeddings("query"),
            gallery_embeddings=self.embeddings("gallery"),
            metric=self.metric,
            average_precision=self.protocol.average_precision,
        )

    def source(self, split, attacked, seed):
        """The GuideSource of a split; the images of the attacked side guide each other."""
        outside = {}
        if split != attacked:
            outside = {"embeddings": self.embeddings(split), "pids": self.pids(split)}
        return self.protocol.make_source(seed, **outside)

    def attackers(self, trial, count):
        """Attackers of a trial on `count` images, compiled once for all epsilons and steps."""
        return Attackers(self._runner(trial, count), self._runner(trial.alone(), count))

    def aim(self, trial, guide_source, attacked, seed):
        """The Aim of a trial at a side."""
        source = self.source(guide_source, attacked, seed)
        embeddings, pids = self.embeddings(attacked), self.pids(attacked)
        return take_aim(self._runner(trial, len(pids)), source, attacked, embeddings, pids, seed)

    def run(self, trial, *, guide_source, attacked, seed, rows=None, maker=None, on_batch=None):
        """Runs one trial.

        Args:
          trial: Trial.
          guide_source: split that guides come from. attacked: "query" or "gallery".
          seed: of random starts, noise and sampled guides.
          rows: int array, queries that are attacked and ranked alone; None takes all.
          maker: Bench of the model that makes the images, in a transfer; None is this one.
          on_batch: see `run_trial`.

        Returns:
          TrialResult.
        """
        maker, clean = maker or self, self.clean
        aim = maker.aim(trial, guide_source, attacked, seed)
        if rows is not None:
            # Guides are found among all, so that an image keeps those it has in the whole grid.
            clean, aim = only_queries(clean, rows), at_rows(aim, rows)
        return run_trial(
            trial,
            clean,
            aim,
            maker.attackers(trial, len(aim.keys)),
            embedder=self.embedder(attacked),
            batches=self._batches(attacked, rows),
            on_batch=on_batch,
        )

    def check(self, trials, guide_sources):
        """Refuses what would otherwise be refused after hours of embedding and attacking."""
        check_evaluation_records(self.dataset.query, self.dataset.gallery)
        if any([self._runner(trial, self.protocol.batch_size).guided for trial in trials]):
            sampled = any(trial.attack in SAMPLED for trial in trials)
            for split in guide_sources:
                check_guides(split, self.pids(split), self.protocol.num_push if sampled else 0)

    def _batches(self, split, rows):
        """uint8 batches of a side, or of some rows of it."""
        records, size = self.records(split), self.embedder(split).batch_size
        height, width = self.model.input_size
        if len(records) * height * width * 3 > KEPT_BYTES:
            some = records if rows is None else [records[row] for row in rows]
            yield from pixel_batches(some, self.model.input_size, size)
            return
        if split not in self._pixels:
            whole = list(pixel_batches(records, self.model.input_size, size))
            self._pixels[split] = np.concatenate(whole)
        pixels = self._pixels[split] if rows is None else self._pixels[split][rows]
        for start in range(0, len(pixels), size):
            yield pixels[start : start + size]

    def _runner(self, trial, count):
        size = min(self.protocol.batch_size, count)
        settings = {name: value for name, value in trial.settings.items() if name != "steps"}
        facts = [trial.attack, settings, size]
        key = json.dumps(facts, default=dataclasses.asdict, sort_keys=True)
        if key not in self._runners:
            if trial.attack == MISRANK:
                runner = GeneratorRunner(self._generator, batch_size=size)
            else:
                runner = AttackRunner(trial.attack, self.model, batch_size=size, **settings)
            self._runners[key] = runner
        return self._runners[key]

    def embedder(self, split):
        """The Embedder of a split's batches; splits with as many images in a batch share one."""
        size = min(self.protocol.batch_size, len(self.records(split)) or 1)
        if size not in self._embedders:
            self._embedders[size] = Embedder(self.model.embed, self.model.input_size, size)
        return self._embedders[size]


def only_queries(clean, rows):
    """A CleanSet of some queries and the whole gallery."""
    return dataclasses.replace(
        clean,
        query=tuple(clean.query[row] for row in np.asarray(rows)),
        query_embeddings=clean.query_embeddings[rows],
    )
