"""A plan of attacks over a data set, and the figures that come out of it."""

import dataclasses
from pathlib import Path

from keras_reid.data.records import check_evaluation_records
from keras_reid.errors import ReIDError
from keras_reid.evaluation.clean_set import CleanSet
from keras_reid.evaluation.embed import Embedder, embed_records
from keras_reid.evaluation.guiding import SOURCES, GuideSource
from keras_reid.evaluation.robustness import make_runner, run_trial
from keras_reid.evaluation.saved_images import ImageSaver
from keras_reid.evaluation.summary import (
    describe_data,
    describe_model,
    figures,
    rank_lists,
    threat_model,
    trial_row,
)
from keras_reid.evaluation.trials import make_trials
from keras_reid.files import check_writable

ATTACKED = ("query", "gallery")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AttackPlan:
    """What is measured.

    attacks: names of `ATTACKS` and `NOISES`; epsilons: radii in [0, 1].
    step, steps, restarts, preset: see `make_trials`.
    metric: "euclidean" or "cosine", of the ranking; the attacks move the same distance.
    guide_source: "query", "gallery" or "train"; where it is the attacked side, its images guide
      each other.
    num_push, num_pull: guides of fgsm, ifgsm, mifgsm and pgd. pull_identity: of fna.
    save_images: folder for adversarial images, save_count of them per trial (None: all).
    rank_lists: queries whose first places are kept.
    """

    attacks: tuple
    epsilons: tuple
    step: str = "fit"
    steps: int = 15
    restarts: int = 1
    preset: str = "paper"
    metric: str = "euclidean"
    average_precision: str = "standard"
    guide_source: str = "query"
    num_push: int = 1
    num_pull: int = 0
    pull_identity: str = "furthest"
    attacked: str = "query"
    batch_size: int = 32
    seed: int = 0
    save_images: str | None = None
    save_count: int | None = None
    rank_lists: int = 6

    def __post_init__(self):
        if self.guide_source not in SOURCES:
            raise ReIDError(f"guide source {self.guide_source!r} is unknown; use {SOURCES}")
        if not self.attacks or not self.epsilons:
            raise ReIDError("a plan needs at least one attack and one epsilon")
        if not all(0 <= epsilon <= 1 for epsilon in self.epsilons):
            raise ReIDError("every epsilon must lie between 0 and 255 (in 1/255)")
        if self.attacked not in ATTACKED:
            raise ReIDError(f"attack {', '.join(ATTACKED)}, not {self.attacked!r}")
        # What only the guides' own dataclass knows is refused here too, before any work.
        GuideSource(num_push=self.num_push, num_pull=self.num_pull)

    @property
    def attack_metric(self):
        return "cosine" if self.metric == "cosine" else "l2"

    def trials(self):
        """Every attack at every epsilon."""
        return make_trials(
            self.attacks,
            self.epsilons,
            step=self.step,
            steps=self.steps,
            restarts=self.restarts,
            preset=self.preset,
            # Left alone under L2, so that odfa keeps the angle that defines it.
            metric="cosine" if self.metric == "cosine" else None,
        )


def no_progress(title, total):
    """Default of `run_plan`: tells nobody."""
    return lambda done: None


def run_plan(model, dataset, plan, progress=no_progress):
    """Measures a model clean, at chance, and under every trial of a plan.

    Args:
      model: LoadedModel.
      dataset: Dataset.
      plan: AttackPlan.
      progress: (title, total) -> callable taking how many images are done.

    Returns:
      dict, ready for JSON: "threat_model", "clean", "chance", "rows", "rank_lists", ...
    """
    trials = plan.trials()
    runners = {trial.attack: make_runner(model, trial, plan.batch_size) for trial in trials}
    check_before_work(dataset, plan, runners)
    embeddings = embed_sides(model, dataset, plan, progress)
    clean = CleanSet(
        query=dataset.query,
        gallery=dataset.gallery,
        query_embeddings=embeddings["query"],
        gallery_embeddings=embeddings["gallery"],
        metric=plan.metric,
        average_precision=plan.average_precision,
    )
    source = guide_source(dataset, embeddings, plan)
    before, clean_distance = clean.rank()
    records = getattr(dataset, plan.attacked)
    advance = progress(f"{len(trials)} trials", len(trials) * len(records))
    # The batch size that the clean embeddings came from: an unchanged image must not move.
    embedder = Embedder(model.embed, model.input_size, min(plan.batch_size, len(records)))
    rows, lists = [], []
    for number, trial in enumerate(trials):
        saver = image_saver(records, model, trial, plan)
        result = run_trial(
            model,
            clean,
            trial,
            source,
            runner=runners[trial.attack],
            embedder=embedder,
            attacked=plan.attacked,
            seed=plan.seed,
            batch_size=min(plan.batch_size, len(records)),
            on_batch=batch_listener(advance, number * len(records), saver),
        )
        rows.append(trial_row(result))
        if plan.attacked == "query":
            lists += rank_lists(clean, clean_distance, result, saver, plan.rank_lists)
    return {
        "schema": 1,
        "kind": "attack",
        "model": describe_model(model),
        "data": describe_data(dataset),
        "threat_model": threat_model(plan),
        "clean": figures(before) | {"valid_queries": int(before.valid_queries)},
        "chance": figures(clean.chance(plan.seed)),
        "rows": rows,
        "rank_lists": lists,
    }


def check_before_work(dataset, plan, runners):
    """Refuses what would otherwise be refused after hours of embedding and attacking."""
    check_evaluation_records(dataset.query, dataset.gallery)
    source = getattr(dataset, plan.guide_source)
    guided = any(runner.guided for runner in runners.values())
    if guided and len({record.pid for record in source if record.pid > 0}) < 2:
        raise ReIDError(
            f"guides from {plan.guide_source} need at least two identities, and it has fewer; "
            "choose another --guide_source, or sma and odfa, which need no guides"
        )
    if plan.save_images:
        check_writable(Path(plan.save_images) / "adversarial.png")


def batch_listener(advance, done, saver):
    """What happens after each attacked batch: the bar moves, and images are saved if wanted."""

    def on_batch(first, pixels, found, moved):
        advance(done + first + len(pixels))
        if saver:
            saver(first, pixels, found, moved)

    return on_batch


def embed_sides(model, dataset, plan, progress):
    """{split: embeddings} of query, gallery and, where guides come from it, train."""
    sides = ["query", "gallery"] + (["train"] if plan.guide_source == "train" else [])
    embeddings = {}
    for side in sides:
        records = getattr(dataset, side)
        advance = progress(f"embedding {side}", len(records))
        embeddings[side] = embed_records(
            model.embed,
            records,
            model.input_size,
            batch_size=plan.batch_size,
            progress=lambda done, total, advance=advance: advance(done),
        )
    return embeddings


def guide_source(dataset, embeddings, plan):
    """The GuideSource of a plan."""
    outside = {}
    if plan.guide_source != plan.attacked:
        records = getattr(dataset, plan.guide_source)
        outside["embeddings"] = embeddings[plan.guide_source]
        outside["pids"] = [record.pid for record in records]
    return GuideSource(
        num_push=plan.num_push,
        num_pull=plan.num_pull,
        selection=plan.pull_identity,
        metric=plan.attack_metric,
        preset=plan.preset,
        seed=plan.seed,
        **outside,
    )


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
