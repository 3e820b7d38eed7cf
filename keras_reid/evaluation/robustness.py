"""Retrieval under attack: one trial over the query or the gallery of a data set."""

import dataclasses
import time
from typing import NamedTuple

import numpy as np

from keras_reid.attacks import Guides
from keras_reid.data.records import pids_of
from keras_reid.evaluation.attack_runner import AttackRunner
from keras_reid.evaluation.guiding import without_push
from keras_reid.evaluation.measure import PixelChange, PixelMeter
from keras_reid.evaluation.trials import Trial
from keras_reid.retrieval import RankingResult


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What one trial did.

    moved: [M] distance in embedding space of each attacked image.
    zero_gradient: images whose gradient at the start is zero everywhere; -1 where none is used.
    fallbacks: images without another image of their identity, attacked with sma instead.
    """

    trial: Trial
    ranking: RankingResult
    distance: np.ndarray
    change: PixelChange
    moved: np.ndarray
    zero_gradient: int
    fallbacks: int
    seconds: float

    @property
    def displacement(self):
        """Mean distance moved."""
        return float(self.moved.mean()) if len(self.moved) else 0.0

    @property
    def still(self):
        """Images that did not move at all."""
        return int(np.sum(self.moved == 0))


class Attackers(NamedTuple):
    """Who attacks: `main`, and `alone` for images without guides; both AttackRunners."""

    main: AttackRunner
    alone: AttackRunner


class Aim(NamedTuple):
    """Whom a trial attacks.

    attacked: "query" or "gallery", a side of the CleanSet; the other side stays clean, and so do
      distractors and junk.
    guides: `Guides` of that side's images, or None. lonely: bool [N], images that have none.
    keys: int64 [N], what each image's random numbers come from.
    """

    attacked: str
    guides: Guides | None
    lonely: np.ndarray
    keys: np.ndarray


def take_aim(runner, source, attacked, embeddings, pids, seed):
    """The Aim at all images of a side.

    Args:
      runner: AttackRunner.
      source: GuideSource.
      attacked: "query" or "gallery".
      embeddings, pids: of that side, by the model that the attack uses.
      seed: image i starts from key (0, seed * 2**32 + i).
    """
    guides = source.guides(runner.name, embeddings, pids) if runner.guided else None
    needs_push = runner.guided and (runner.name == "fna" or source.num_push > 0)
    lonely = without_push(guides) & (pids > 0) if needs_push else np.zeros(len(pids), bool)
    keys = np.int64(seed) * 2**32 + np.arange(len(pids), dtype=np.int64)
    return Aim(attacked, guides, lonely, keys)


def at_rows(aim, rows):
    """The same Aim at some images of the side."""
    guides = None if aim.guides is None else aim.guides.rows(rows)
    return Aim(aim.attacked, guides, aim.lonely[rows], aim.keys[rows])


def run_trial(trial, clean, aim, attackers, *, embedder, batches, on_batch=None):
    """Attacks one side of a data set and ranks again.

    Args:
      trial: Trial.
      clean: CleanSet of the model that is measured.
      aim: Aim at a side of `clean`.
      attackers: Attackers; of another model than the measured where the attack is a transfer.
      embedder: Embedder of the measured model, of the batch size that `clean` was embedded with, so
        that an image that did not change has not moved.
      batches: uint8 pixels of that side's images in order, of at most the embedder's batch size.
      on_batch: called with (first index, clean pixels, adversarial pixels, distances moved) after
        each batch.

    Returns:
      TrialResult.
    """
    started = time.monotonic()
    before = getattr(clean, f"{aim.attacked}_embeddings")
    pids = pids_of(getattr(clean, aim.attacked))
    after, meter, first, flat = before.copy(), PixelMeter(), 0, 0
    settings = {
        "epsilon": trial.epsilon,
        "step_size": trial.step_size,
        "steps": trial.effective_steps,
    }
    for pixels in batches:
        rows = np.arange(first, first + len(pixels))
        found = pixels.copy()
        for who, wanted in zip(attackers, (~aim.lonely[rows], aim.lonely[rows]), strict=True):
            chosen = np.flatnonzero(wanted & (pids[rows] > 0))
            if len(chosen):
                some = aim.guides.rows(rows[chosen]) if who.guided else None
                seeds = aim.keys[rows[chosen]]
                attacked = who.attacked(pixels[chosen], some, seeds=seeds, **settings)
                found[chosen] = attacked.pixels
                flat += 0 if attacked.flat is None else int(attacked.flat.sum())
        after[rows] = embedder(found)
        meter.add(pixels[pids[rows] > 0], found[pids[rows] > 0])
        if on_batch:
            on_batch(first, pixels, found, np.linalg.norm(after[rows] - before[rows], axis=1))
        first += len(pixels)
    ranking, distance = clean.rank(**{f"{aim.attacked}_embeddings": after})
    return TrialResult(
        trial=trial,
        ranking=ranking,
        distance=distance,
        change=meter.result(),
        moved=np.linalg.norm(after - before, axis=1)[pids > 0],
        # In a ball of radius 0 every start is the clean image, where sma and odfa have none.
        zero_gradient=flat if attackers.main.differentiates and trial.epsilon > 0 else -1,
        fallbacks=int(aim.lonely.sum()),
        seconds=time.monotonic() - started,
    )
