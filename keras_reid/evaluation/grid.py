"""The grid of a robustness evaluation: which cells are measured."""

import dataclasses

from keras_reid.attacks import ATTACKS, NOISES
from keras_reid.evaluation.protocol import Protocol
from keras_reid.evaluation.rank_lists import spread
from keras_reid.evaluation.trials import ONE_STEP, Trial

NO_GUIDES = "none"
VICTIM, TWIN, TRANSFER, BLACK = "victim", "twin", "transfer", "black_box"
DOUBLED = "steps_doubled"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """One trial on one side from one seed.

    role: whom it measures and with whose images. maker: index of the surrogate of a transfer.
    guide_source: a split, or "none" where the attack takes no guides of the data set.
    rows: queries that are attacked and ranked alone, or None. examples: queries whose first places
      are kept. extra: as in `Row`.
    protocol: Protocol that its guides are chosen by, where it is not that of the whole plan.
    also: more that is kept, names of `keras_reid.evaluation.measuring.ALSO`.
    """

    role: str
    trial: Trial
    attacked: str
    guide_source: str
    seed: int
    maker: int | None = None
    rows: tuple | None = None
    examples: tuple = ()
    extra: dict = dataclasses.field(default_factory=dict)
    protocol: Protocol | None = None
    also: tuple = ()

    def work(self, images):
        """About how many passes of one image it takes, for the bar."""
        settings = self.trial.settings
        estimator = settings.get("gradient")
        each = 2 * estimator.pairs if estimator else 3  # a gradient costs about three passes
        steps = 0 if self.trial.attack in NOISES else self.trial.effective_steps
        return images * (2 + each * steps * settings.get("restarts", 1))


def guided(attack):
    """Whether guides of the data set steer it."""
    return ATTACKS.get(attack, {"guides": None}).get("guides", "given") == "given"


def grid_cells(plan, role, attacks, count, generator=None):
    """Noises and attacks x epsilons x sides x guide sources x seeds; `count` queries there are."""
    examples = tuple(spread(count, plan.rank_lists)) if role == VICTIM else ()
    trials = plan.trials((*NOISES, *attacks))
    trials += generator.trials(plan.epsilons) if generator else []
    return [
        Cell(
            role=role, trial=trial, attacked=side, guide_source=source, seed=seed,
            examples=examples if seed == plan.seeds[0] else (),
        )
        for trial in trials
        for side in plan.attacked
        for source in (plan.guide_sources if guided(trial.attack) else (NO_GUIDES,))
        for seed in plan.seeds
    ]  # fmt: skip


def doubled_cells(plan):
    """Every iterative attack with twice the steps, at one epsilon."""
    if not plan.double_steps:
        return []
    attacks = [name for name in plan.attacks if name not in ONE_STEP]
    epsilons = (plan.headline_255 / 255,)
    trials = plan.make_trials(attacks, epsilons, steps=2 * plan.steps) if attacks else []
    return [single(plan, VICTIM, trial, extra={DOUBLED: True}) for trial in trials]


def black_box_cells(plan, queries):
    """The black boxes on some of these queries, spread over them."""
    rows = tuple(int(queries[index]) for index in spread(len(queries), plan.black_box_queries))
    cells = []
    for trial in plan.black_box_trials() if plan.black_box else []:
        extra = {
            "queries": 2 * trial.settings["gradient"].pairs * trial.steps,
            "climbs": trial.attack,
        }
        cell = single(plan, BLACK, trial, rows=rows, extra=extra)
        cells.append(dataclasses.replace(cell, attacked="query"))
    return cells


def transfer_cells(plan, maker, source, attacks):
    """Every attack at one epsilon, with the images of a surrogate."""
    trials = plan.make_trials(attacks, (plan.headline_255 / 255,))
    return [
        single(plan, TRANSFER, trial, maker=maker, extra={"source": source}) for trial in trials
    ]


def single(plan, role, trial, **rest):
    """A cell on the first side with the first guide source and the first seed."""
    source = plan.guide_sources[0] if guided(trial.attack) else NO_GUIDES
    return Cell(
        role=role, trial=trial, attacked=plan.attacked[0], guide_source=source,
        seed=plan.seeds[0], **rest,
    )  # fmt: skip
