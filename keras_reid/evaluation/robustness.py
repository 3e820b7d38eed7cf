"""Retrieval under attack: attacks x epsilons over the query or the gallery of a data set."""

import dataclasses
import time

import numpy as np

from keras_reid.data.images import pixel_batches
from keras_reid.errors import ReIDError
from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.embed import Embedder
from keras_reid.evaluation.guiding import without_push
from keras_reid.evaluation.measure import PixelChange, PixelMeter
from keras_reid.evaluation.trials import Trial
from keras_reid.retrieval import RankingResult


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What one trial did.

    fallbacks: images without another image of their identity, attacked with sma instead.
    displacement: mean distance moved in embedding space; still: images that did not move at all.
    """

    trial: Trial
    ranking: RankingResult
    distance: np.ndarray
    change: PixelChange
    displacement: float
    still: int
    fallbacks: int
    seconds: float


def run_trial(
    model,
    clean,
    trial,
    source,
    *,
    runner=None,
    embedder=None,
    attacked="query",
    seed=0,
    batch_size=32,
    on_batch=None,
):
    """Attacks one side of a data set and ranks again.

    Args:
      model: LoadedModel.
      clean: CleanSet.
      trial: Trial.
      source: GuideSource.
      runner, embedder: AttackRunner and Embedder of another epsilon, to be used again; None makes
        them. The embedder's batch size is the one that `clean` was embedded with, so that an image
        that did not change has not moved.
      attacked: "query" or "gallery"; the other side stays clean. Distractors and junk too.
      seed: image i starts from key (0, seed * 2**32 + i).
      on_batch: called with (first index, clean pixels, adversarial pixels, distances moved) after
        each batch.

    Returns:
      TrialResult.
    """
    if attacked not in ("query", "gallery"):
        raise ReIDError(f"attack the query or the gallery, not {attacked!r}")
    started = time.monotonic()
    runner = runner or make_runner(model, trial, batch_size)
    embedder = embedder or Embedder(model.embed, model.input_size, batch_size)
    records = getattr(clean, attacked)
    before = getattr(clean, f"{attacked}_embeddings")
    pids = np.array([record.pid for record in records])
    guides = source.guides(trial.attack, before, pids) if runner.guided else None
    lonely = without_push(guides) & (pids > 0) if _needs_push(runner, source) else pids < -1
    fallback = make_runner(model, trial.alone(), batch_size)
    keys = np.int64(seed) * 2**32 + np.arange(len(records), dtype=np.int64)
    after, meter, first = before.copy(), PixelMeter(), 0
    settings = {"epsilon": trial.epsilon, "step_size": trial.step_size}
    for pixels in pixel_batches(records, model.input_size, batch_size):
        rows = np.arange(first, first + len(pixels))
        found = pixels.copy()
        for who, wanted in ((runner, ~lonely[rows]), (fallback, lonely[rows])):
            chosen = np.flatnonzero(wanted & (pids[rows] > 0))
            if len(chosen):
                some = guides.rows(rows[chosen]) if who.guided else None
                found[chosen] = who.run(pixels[chosen], some, seeds=keys[rows[chosen]], **settings)
        after[rows] = embedder(found)
        meter.add(pixels[pids[rows] > 0], found[pids[rows] > 0])
        if on_batch:
            on_batch(first, pixels, found, np.linalg.norm(after[rows] - before[rows], axis=1))
        first += len(pixels)
    ranking, distance = clean.rank(**{f"{attacked}_embeddings": after})
    moved = np.linalg.norm(after - before, axis=1)[pids > 0]
    return TrialResult(
        trial=trial,
        ranking=ranking,
        distance=distance,
        change=meter.result(),
        displacement=float(moved.mean()),
        still=int(np.sum(moved == 0)),
        fallbacks=int(lonely.sum()),
        seconds=time.monotonic() - started,
    )


def make_runner(model, trial, batch_size=32):
    """The AttackRunner of a trial, good for every epsilon."""
    return AttackRunner(trial.attack, model, batch_size=batch_size, **trial.settings)


def _needs_push(runner, source):
    return runner.guided and (runner.name == "fna" or source.num_push > 0)
