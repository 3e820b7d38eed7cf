"""A model under a grid of attacks, each cell computed once: from a plan to what was found."""

import dataclasses

import numpy as np

from keras_reid.attacks import NOISES
from keras_reid.data.images import pixel_batches
from keras_reid.data.records import pids_of, queries_without_match
from keras_reid.errors import ReIDError
from keras_reid.evaluation.bench import Bench, no_progress
from keras_reid.evaluation.cells import Content
from keras_reid.evaluation.evidence import Evidence
from keras_reid.evaluation.grid import (
    BLACK,
    DOUBLED,
    TRANSFER,
    TWIN,
    VICTIM,
    black_box_cells,
    doubled_cells,
    grid_cells,
    transfer_cells,
)
from keras_reid.evaluation.guide_checks import short_of_guides
from keras_reid.evaluation.guiding import SAMPLED
from keras_reid.evaluation.measuring import Place
from keras_reid.evaluation.other_models import at_size, attacks_on, generator_on
from keras_reid.evaluation.rank_lists import spread
from keras_reid.evaluation.subset import on_subset
from keras_reid.evaluation.summary import threat_model
from keras_reid.evaluation.trials import MISRANK
from keras_reid.evaluation.work import Measured, Work

SAMPLE = 32  # images for the checks' own questions


@dataclasses.dataclass(frozen=True, kw_only=True)
class Findings:
    """All that an evaluation found.

    evidence: Evidence. clean, twin_clean: Content of the figures without attack.
    measured: every cell of the grid in order. subset: the queries of the black boxes.
    surrogates: their LoadedModels. computed, reused: cells.
    notes: sentences that a reader has to know.
    generator: Generator that was one of the attacks, or None.
    """

    evidence: Evidence
    clean: Content
    twin_clean: Content | None
    measured: list[Measured]
    subset: tuple
    twin: object | None
    surrogates: tuple
    computed: int
    reused: int
    notes: list[str]
    generator: object | None = None

    def rows(self, *roles):
        return [each.row for each in self.measured if each.cell.role in roles]


def run_robustness(
    model, dataset, plan, store, *, twin=None, surrogates=(), progress=no_progress, command=None,
    trained_with=None, generator=None,
):  # fmt: skip
    """Measures a model under every cell of a plan; what the store holds is not computed again.

    Args:
      model: LoadedModel, the victim. twin: another under the same settings, undefended, or None.
      surrogates: LoadedModels whose adversarial images are measured on the victim.
      dataset: Dataset.
      plan: RobustnessPlan.
      store: CellStore.
      progress: (title, total) -> callable taking how much is done.
      command, trained_with: as in `Evidence`.
      generator: Generator that attacks beside the plan's attacks, or None.

    Returns:
      Findings.
    """
    notes = []
    count = len(dataset.query)
    if generator is not None:
        generator.check_size(model)
    benches = [Bench(model, dataset, plan, progress, generator)]
    benches += [Bench(twin, dataset, plan, progress, generator)] if twin else []
    for surrogate in surrogates:
        fitted = at_size(surrogate, model.input_size, notes)
        benches.append(Bench(fitted, dataset, plan, progress))
    cells = grid_cells(plan, VICTIM, plan.attacks, count, generator) + doubled_cells(plan)
    cells += black_box_cells(plan, findable(dataset))
    if twin:
        fits = generator_on(twin, generator, notes)
        cells += grid_cells(plan, TWIN, attacks_on(twin, plan, notes), count, fits)
        if twin.input_size != model.input_size:
            notes.append(
                f"the twin takes images of {twin.input_size[0]}x{twin.input_size[1]} and is "
                "attacked at that size, so its epsilon means pixels of another size"
            )
    for index, surrogate in enumerate(surrogates):
        attacks = attacks_on(surrogate, plan, notes)
        cells += transfer_cells(plan, index, surrogate.source, attacks)
    check(benches, cells, plan)
    notes += guide_notes(dataset, plan)
    places = [Place.of(bench, store) for bench in benches]
    work = Work(places, store, progress, bool(twin))
    examples = spread(count, plan.rank_lists)
    clean = work.clean(0, examples)
    twin_clean = work.clean(1, examples) if twin else None
    measured = work.cells(cells)
    subset = next((cell.rows for cell in cells if cell.role == BLACK), ())
    pixels, pids = sample(dataset, plan.attacked[0], model.input_size)

    def rows(*roles):
        return [each.row for each in measured if each.cell.role in roles]

    return Findings(
        evidence=Evidence(
            model=model,
            pixels=pixels,
            sample_pids=pids,
            threat_model=threat(plan, model, generator),
            clean=clean.words["figures"],
            chance=clean.words["chance"],
            rows=rows(VICTIM),
            twin=rows(TWIN) if twin else None,
            twin_clean=twin_clean.words["figures"] if twin else None,
            transfer=rows(TRANSFER),
            black_box=rows(BLACK),
            white_box_subset=on_subset(beside(rows(VICTIM), plan), subset, dataset.query),
            noise_subset=on_subset(noise_beside(rows(VICTIM), plan), subset, dataset.query),
            query_pids=pids_of(dataset.query),
            trained_with=trained_with,
            command=command,
        ),
        clean=clean,
        twin_clean=twin_clean,
        measured=measured,
        subset=subset,
        twin=twin,
        surrogates=tuple(surrogates),
        computed=work.computed,
        reused=work.reused,
        notes=notes,
        generator=generator,
    )


def threat(plan, model, generator=None):
    """What the attackers of a whole grid may do and know."""
    facts = threat_model(plan, model, ", ".join(plan.attacked), ", ".join(plan.guide_sources))
    facts["epsilons"] = ", ".join(f"{epsilon:g}" for epsilon in plan.epsilons_255) + " in 1/255"
    facts["seeds"] = ", ".join(map(str, plan.seeds))
    if generator is not None:
        pixels = generator.num_pixels
        facts["misrank"] = (
            f"the generator {generator.source}, trained beforehand against "
            f"{generator.trained_on.get('victim', 'a victim that its folder does not name')}: one "
            f"pass an image, no guide, {f'at most {pixels} pixels' if pixels else 'all pixels'}"
        )
    if plan.black_box:
        facts["black box"] = (
            f"{', '.join(plan.black_box)}: {plan.black_box_budget} questions for each of "
            f"{plan.black_box_queries} queries, and the embeddings that answer them"
        )
    return facts


def check(benches, cells, plan):
    """Refuses what would otherwise be refused after hours."""
    for bench in benches:
        trials = {
            (cell.trial.label, str(cell.trial.settings)): cell.trial
            for cell in cells
            if cell.trial.attack != MISRANK
            if bench.model.logits is not None or cell.trial.attack != "xent" or bench is benches[0]
        }
        bench.check(list(trials.values()), plan.guide_sources)


def guide_notes(dataset, plan):
    """Sentences on images that have fewer pushing guides than the plan asks for."""
    if not set(plan.attacks) & set(SAMPLED):
        return []
    pids = {split: pids_of(getattr(dataset, split)) for split in ("query", "gallery", "train")}
    told = [
        short_of_guides(source, pids[source], side, pids[side], plan.num_push)
        for source in plan.guide_sources
        for side in plan.attacked
    ]
    return [sentence for sentence in told if sentence]


def findable(dataset):
    """Indices of the queries that have a valid match."""
    return np.flatnonzero(~queries_without_match(dataset.query, dataset.gallery))


def sample(dataset, side, size):
    """(uint8 pixels, pids) of some people of a side, spread over it."""
    records = [record for record in getattr(dataset, side) if record.pid > 0]
    if not records:
        raise ReIDError(f"the {side} shows nobody who could be attacked; check its pids")
    chosen = [records[index] for index in spread(len(records), SAMPLE)]
    return np.concatenate(list(pixel_batches(chosen, size, SAMPLE))), pids_of(chosen)


def beside(rows, plan):
    """The rows that a black box is compared with: gradients at its epsilon, from its seed."""
    return [
        row for row in same_ball(rows, plan) if row.zero_gradient >= 0 and DOUBLED not in row.extra
    ]


def noise_beside(rows, plan):
    """The noise that a black box has to beat: of its epsilon, from its seed."""
    return [row for row in same_ball(rows, plan) if row.attack in NOISES]


def same_ball(rows, plan):
    """The rows at the black box's epsilon on its side, from its seed."""
    return [
        row
        for row in rows
        if row.epsilon_255 == plan.headline_255
        and row.attacked == "query"
        and row.seed == plan.seeds[0]
    ]
