"""A plan of a robustness evaluation: attacks x epsilons x guide sources x sides x seeds."""

import dataclasses

from keras_reid.attacks import BLACK_BOX, NOISES
from keras_reid.errors import ReIDError
from keras_reid.evaluation.guiding import SOURCES
from keras_reid.evaluation.protocol import Protocol, check_attacked
from keras_reid.evaluation.trials import ONE_STEP, black_box_trials

EPSILONS_255 = (0, 1, 2, 3, 4, 5, 8, 12, 16)
HEADLINE_255 = 5  # the literature's epsilon, at which single figures are given


@dataclasses.dataclass(frozen=True, kw_only=True)
class RobustnessPlan(Protocol):
    """What is measured, beside what every `Protocol` says.

    attacks: names of `ATTACKS`; both noises always come along.
    epsilons_255: radii in 1/255, ascending.
    guide_sources: some of query, gallery, train. attacked: some of query, gallery.
    seeds: of random starts, noise and sampled guides; each is a cell of its own.
    double_steps: whether every iterative attack runs once more, at one epsilon, with twice the
      steps.
    black_box: names of `BLACK_BOX`, at one epsilon, on `black_box_queries` queries spread over the
      set, with `black_box_budget` questions an image, climbing what `black_box_climbs` climbs.
    rank_lists: queries whose first places and adversarial images are kept, from the first seed.
    bootstrap: resamplings for each interval.
    """

    attacks: tuple = ("fgsm", "ifgsm", "mifgsm", "pgd", "odfa", "sma", "fna")
    epsilons_255: tuple = EPSILONS_255
    guide_sources: tuple = ("query",)
    attacked: tuple = ("query",)
    seeds: tuple = (0, 1, 2)
    double_steps: bool = True
    black_box: tuple = ()
    black_box_climbs: str = "sma"
    black_box_queries: int = 32
    black_box_budget: int = 1000
    black_box_steps: int = 20
    rank_lists: int = 4
    bootstrap: int = 1000

    def __post_init__(self):
        self.check_common(self.attacks, self.epsilons)
        for name in self.attacks:
            if name in NOISES:
                raise ReIDError(f"{name} is measured in any case; leave it out of the attacks")
        if list(self.epsilons_255) != sorted(set(self.epsilons_255)):
            raise ReIDError(
                f"the epsilons {', '.join(f'{e:g}' for e in self.epsilons_255)} are not in "
                "ascending order; sort them, each once"
            )
        for what, values in (("guide source", self.guide_sources), ("side", self.attacked),
                             ("seed", self.seeds)):  # fmt: skip
            if not values or len(set(values)) < len(values):
                raise ReIDError(f"a plan needs at least one {what}, and each once")
        for source in self.guide_sources:
            if source not in SOURCES:
                raise ReIDError(
                    f"guide source {source!r} is unknown; use one of {', '.join(SOURCES)}"
                )
        for side in self.attacked:
            check_attacked(side)
        self.trials(self.attacks)  # an unknown attack is refused now
        self._check_black_box()

    def _check_black_box(self):
        if not self.black_box:
            return
        for name in self.black_box:
            if name not in BLACK_BOX:
                raise ReIDError(
                    f"black box {name!r} is unknown; use some of {', '.join(BLACK_BOX)}"
                )
        if "query" not in self.attacked:
            raise ReIDError("a black box attacks queries; add query to the attacked sides")
        if self.black_box_climbs in (*ONE_STEP, "xent"):
            raise ReIDError(f"a black box cannot climb {self.black_box_climbs}; take sma or fna")
        if self.black_box_queries < 1:
            raise ReIDError("a black box needs at least one query")
        self.black_box_trials()

    @property
    def epsilons(self):
        return tuple(epsilon / 255 for epsilon in self.epsilons_255)

    @property
    def headline_255(self):
        """The epsilon at which single figures are given: the nearest to 5/255 that is not 0."""
        above = [e for e in self.epsilons_255 if e > 0] or self.epsilons_255
        return min(above, key=lambda e: abs(e - HEADLINE_255))

    def trials(self, attacks):
        """Every attack at every epsilon."""
        return self.make_trials(attacks, self.epsilons)

    def black_box_trials(self):
        """The black boxes at the headline's epsilon."""
        return black_box_trials(
            self.black_box,
            (self.headline_255 / 255,),
            climbs=self.black_box_climbs,
            budget=self.black_box_budget,
            steps=self.black_box_steps,
            step=self.step,
            preset=self.preset,
            metric=self.settings["metric"],
        )
