"""A study of guides: every variant at every epsilon, as cells like those of any evaluation."""

import dataclasses

import numpy as np

from keras_reid.data.records import pids_of
from keras_reid.errors import ReIDError
from keras_reid.evaluation.bench import Bench, no_progress
from keras_reid.evaluation.cells import Content
from keras_reid.evaluation.evaluator import check
from keras_reid.evaluation.grid import NO_GUIDES, TWIN, VICTIM, Cell, guided
from keras_reid.evaluation.guide_checks import image_counts, other_images
from keras_reid.evaluation.measuring import Place
from keras_reid.evaluation.study.variants import SEVERAL, make_variants
from keras_reid.evaluation.work import Measured, Work


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudyFindings:
    """All that a study found.

    variants: {key: Variant}. clean: {role: Content of the figures without attack}.
    measured: every cell. models: {role: LoadedModel}. computed, reused: cells.
    notes: sentences that a reader has to know.
    """

    variants: dict
    models: dict
    clean: dict[str, Content]
    measured: list[Measured]
    computed: int
    reused: int
    notes: list[str]

    def at(self, role, variant, epsilon_255):
        """[Measured] of a variant at an epsilon, one a seed."""
        return [
            each
            for each in self.measured
            if each.cell.role == role
            and each.cell.extra["variant"] == variant
            and each.row.epsilon_255 == round(epsilon_255, 4)
        ]


def run_guides_study(
    model, dataset, plan, store, *, several=SEVERAL, twin=None, progress=no_progress
):
    """Measures a model under the same attacks with other guides.

    Args:
      model: LoadedModel. twin: another under the same settings, or None.
      dataset: Dataset.
      plan: RobustnessPlan; its attacks, numbers of guides and identity to pull to are the study's.
      store: CellStore; what it holds is not computed again.
      several: how many guides "several" means.
      progress: (title, total) -> callable taking how much is done.

    Returns:
      StudyFindings.

    Raises:
      ReIDError: no epsilon above 0, another side than the query, several guide sources, nobody who
        has a second image to push from, a single identity.
    """
    check_plan(plan)
    variants, source = make_variants(several), plan.guide_sources[0]
    notes = guide_notes(dataset, source, several)
    models = {VICTIM: model, **({TWIN: twin} if twin else {})}
    benches = [Bench(each, dataset, plan, progress) for each in models.values()]
    cells = [
        cell
        for role in models
        for key, variant in variants.items()
        for cell in variant_cells(plan, role, key, variant)
    ]
    check(benches, cells, plan)
    work = Work([Place.of(bench, store) for bench in benches], store, progress, bool(twin))
    clean = {role: work.clean(index, ()) for index, role in enumerate(models)}
    measured = work.cells(cells)
    return StudyFindings(
        variants=variants, models=models, clean=clean, measured=measured,
        computed=work.computed, reused=work.reused, notes=notes,
    )  # fmt: skip


def check_plan(plan):
    """Refuses a plan that compares nothing."""
    if not attacked_epsilons(plan):
        raise ReIDError("a study compares attacks; name an epsilon above 0 in --epsilons_255")
    if plan.attacked != ("query",):
        raise ReIDError("a study of guides attacks the query; leave --attacked out")
    if len(plan.guide_sources) > 1:
        raise ReIDError("a study of guides takes one source; name one in --guide_sources")


def attacked_epsilons(plan):
    """The plan's epsilons in 1/255 without 0, where nothing can be compared."""
    return tuple(epsilon for epsilon in plan.epsilons_255 if epsilon > 0)


def variant_cells(plan, role, key, variant):
    """Epsilons x seeds of a variant."""
    protocol = dataclasses.replace(
        plan, num_push=variant.num_push, num_pull=variant.num_pull,
        pull_identity=variant.pull_identity, epsilons_255=attacked_epsilons(plan),
    )  # fmt: skip
    return [
        Cell(
            role=role, trial=trial, attacked="query", seed=seed,
            guide_source=plan.guide_sources[0] if guided(variant.attack) else NO_GUIDES,
            protocol=protocol, also=("pulled",) if variant.pulls else (), extra={"variant": key},
        )
        for trial in protocol.trials((variant.attack,))
        for seed in plan.seeds
    ]  # fmt: skip


def guide_notes(dataset, source, several):
    """What a reader has to know about the images that may guide.

    Raises ReIDError where no query has another image of its person.
    """
    known = pids_of(getattr(dataset, source))
    others = other_images(source, known, "query", pids_of(dataset.query))
    if not len(others):
        raise ReIDError("the query shows nobody who could be attacked; check its pids")
    if others.max() < 1:
        raise ReIDError(
            f"no query has another image of its person in {source} to push from; choose another "
            "--guide_sources"
        )
    notes = []
    if others.max() < several:
        notes.append(
            f"nobody has {several} other images in {source}: the most is {others.max()}, and "
            f"{several} pushes are all that a person has"
        )
    if alone := int(np.sum(others < 1)):
        notes.append(
            f"{alone} of {len(others)} queries have no other image of their person in {source}; "
            "where a variant pushes, they are attacked with SMA"
        )
    largest = max(image_counts(known).values(), default=0)
    if 0 < largest < several:
        notes.append(
            f"no identity has {several} images in {source}: the most is {largest}, and {several} "
            "pulls are all that it has"
        )
    return notes
