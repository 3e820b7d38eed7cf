"""What every plan of attacks says: how they step, who may guide, how the ranking is scored."""

import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.evaluation.guiding import GuideSource
from keras_reid.evaluation.trials import make_trials
from keras_reid.retrieval.distances import OWN

ATTACKED = ("query", "gallery")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """The settings that one attack and a whole grid have in common.

    step, steps, restarts, preset: see `make_trials`.
    metric: "own" (what each model says), "euclidean" or "cosine", of the ranking. The attacks move
      the angle under "cosine" and else the Euclidean distance of whole embeddings.
    num_push, num_pull: guides of fgsm, ifgsm, mifgsm and pgd.
    pull_identity: "furthest" or "random", of all that pull.
    batch_size: images per step.
    """

    step: str = "fit"
    steps: int = 15
    restarts: int = 1
    preset: str = "paper"
    metric: str = OWN
    average_precision: str = "standard"
    num_push: int = 1
    num_pull: int = 0
    pull_identity: str = "furthest"
    batch_size: int = 32

    @property
    def attack_metric(self):
        return "cosine" if self.metric == "cosine" else "l2"

    @property
    def settings(self):
        """What `make_trials` takes."""
        return {
            "step": self.step,
            "steps": self.steps,
            "restarts": self.restarts,
            "preset": self.preset,
            # Left alone under L2, so that odfa keeps the angle that defines it.
            "metric": "cosine" if self.metric == "cosine" else None,
        }

    def check_common(self, attacks, epsilons):
        """Refuses what no plan can use, before any work."""
        if not attacks or not epsilons:
            raise ReIDError("a plan needs at least one attack and one epsilon")
        if not all(0 <= epsilon <= 1 for epsilon in epsilons):
            raise ReIDError("every epsilon must lie between 0 and 255 (in 1/255)")
        # What only the guides' own dataclass knows is refused here too.
        GuideSource(num_push=self.num_push, num_pull=self.num_pull)

    def make_trials(self, attacks, epsilons, **changes):
        """Every attack at every epsilon, with these settings."""
        return make_trials(attacks, epsilons, **{**self.settings, **changes})

    def make_source(self, seed, **outside):
        """The GuideSource of these settings; `outside`: embeddings and pids of another split."""
        return GuideSource(
            num_push=self.num_push,
            num_pull=self.num_pull,
            selection=self.pull_identity,
            metric=self.attack_metric,
            preset=self.preset,
            seed=seed,
            **outside,
        )


def check_attacked(side):
    """The side, or a ReIDError where it is none that can be attacked."""
    if side not in ATTACKED:
        raise ReIDError(f"attack {', '.join(ATTACKED)}, not {side!r}")
    return side
