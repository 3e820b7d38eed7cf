"""A plan of attacks over a data set, and the figures that come out of it."""

import dataclasses
from pathlib import Path

from keras_reid.errors import ReIDError
from keras_reid.evaluation.bench import Bench, no_progress
from keras_reid.evaluation.guiding import SOURCES
from keras_reid.evaluation.protocol import Protocol, check_attacked
from keras_reid.evaluation.saved_images import ImageSaver
from keras_reid.evaluation.summary import (
    describe_data,
    describe_model,
    figures,
    rank_lists,
    threat_model,
    trial_row,
)
from keras_reid.files import check_writable


@dataclasses.dataclass(frozen=True, kw_only=True)
class AttackPlan(Protocol):
    """What is measured, beside what every `Protocol` says.

    attacks: names of `ATTACKS` and `NOISES`; epsilons: radii in [0, 1].
    guide_source: "query", "gallery" or "train"; where it is the attacked side, its images guide
      each other.
    save_images: folder for adversarial images, save_count of them per trial (None: all).
    rank_lists: queries whose first places are kept.
    """

    attacks: tuple
    epsilons: tuple
    guide_source: str = "query"
    attacked: str = "query"
    seed: int = 0
    save_images: str | None = None
    save_count: int | None = None
    rank_lists: int = 6

    def __post_init__(self):
        if self.guide_source not in SOURCES:
            raise ReIDError(f"guide source {self.guide_source!r} is unknown; use {SOURCES}")
        self.check_common(self.attacks, self.epsilons)
        check_attacked(self.attacked)

    def trials(self):
        """Every attack at every epsilon."""
        return self.make_trials(self.attacks, self.epsilons)


def run_plan(model, dataset, plan, progress=no_progress, generator=None):
    """Measures a model clean, at chance, and under every trial of a plan.

    Args:
      model: LoadedModel.
      dataset: Dataset.
      plan: AttackPlan.
      progress: (title, total) -> callable taking how many images are done.
      generator: Generator that attacks after the plan's attacks, or None.

    Returns:
      dict, ready for JSON: "threat_model", "clean", "chance", "rows", "rank_lists", ...
    """
    trials = plan.trials()
    bench = Bench(model, dataset, plan, progress, generator)
    bench.check(trials, [plan.guide_source])
    if generator is not None:
        generator.check_size(model)
        trials += generator.trials(plan.epsilons)
    if plan.save_images:
        check_writable(Path(plan.save_images) / "adversarial.png")
    before, clean_distance = bench.clean.rank()
    if plan.guide_source == "train":
        bench.embeddings("train")  # before the bar of the trials is drawn
    records = getattr(dataset, plan.attacked)
    advance = progress(f"{len(trials)} trials", len(trials) * len(records))
    rows, lists = [], []
    for number, trial in enumerate(trials):
        saver = image_saver(records, model, trial, plan)
        result = bench.run(
            trial,
            guide_source=plan.guide_source,
            attacked=plan.attacked,
            seed=plan.seed,
            on_batch=batch_listener(advance, number * len(records), saver),
        )
        rows.append(trial_row(result))
        if plan.attacked == "query":
            lists += rank_lists(bench.clean, clean_distance, result, saver, plan.rank_lists)
    return {
        "schema": 1,
        "kind": "attack",
        "model": describe_model(model),
        "data": describe_data(dataset),
        "threat_model": threat_model(plan, model, plan.attacked, plan.guide_source)
        | {"seed": plan.seed},
        "clean": figures(before) | {"valid_queries": int(before.valid_queries)},
        "chance": figures(bench.clean.chance(plan.seed)),
        "rows": rows,
        "rank_lists": lists,
    }


def batch_listener(advance, done, saver):
    """What happens after each attacked batch: the bar moves, and images are saved if wanted."""

    def on_batch(first, pixels, found, moved):
        advance(done + first + len(pixels))
        if saver:
            saver(first, pixels, found, moved)

    return on_batch


def image_saver(records, model, trial, plan):
    """The ImageSaver of a trial, or None when no folder is named."""
    if not plan.save_images:
        return None
    folder = Path(plan.save_images) / f"{trial.attack}_{trial.epsilon * 255:g}"
    facts = {
        "attacked": plan.attacked,
        "guide_source": plan.guide_source,
        "metric": plan.metric,
        "seed": plan.seed,
        "model_fingerprint": model.fingerprint,
    }
    return ImageSaver(folder, records, trial, facts, plan.save_count)
