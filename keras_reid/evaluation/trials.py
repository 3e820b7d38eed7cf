"""One attack at one epsilon, and how its steps are chosen."""

import dataclasses

from keras_reid.attacks import ATTACKS, NOISES, Estimator, make_attack
from keras_reid.attacks.black_box import pairs_for
from keras_reid.errors import ReIDError

MISRANK = "misrank"  # a trained generator, see `keras_reid.evaluation.generator`
ONE_STEP = ("fgsm", MISRANK, *NOISES)
KEPT_ALONE = ("metric", "preset", "restarts", "gradient")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One attack at one epsilon.

    step: "fit" takes max(1/255, 2.5 epsilon / steps), which reaches the ball's edge; "paper" 1/255.
    settings: of `make_attack`, such as steps, restarts, metric, preset.
    """

    attack: str
    epsilon: float
    step: str = "fit"
    settings: dict = dataclasses.field(default_factory=dict)

    @property
    def label(self):
        """The name under which it is told: an attack that asks is called by how it asks."""
        estimator = self.settings.get("gradient")
        return estimator.kind if estimator else self.attack

    @property
    def steps(self):
        return self.settings.get("steps", 15)

    @property
    def effective_steps(self):
        return 1 if self.attack in ONE_STEP else self.steps

    @property
    def step_size(self):
        if self.attack in ONE_STEP:
            return self.epsilon
        return fitted_step(self.epsilon, self.steps) if self.step == "fit" else 1 / 255

    def alone(self):
        """The trial for an image without guides: sma, with as many steps as this attack takes."""
        kept = {k: v for k, v in self.settings.items() if k in KEPT_ALONE}
        settings = {**kept, "steps": self.effective_steps}
        return dataclasses.replace(self, attack="sma", settings=settings)

    @property
    def reaches_the_edge(self):
        return self.attack in ONE_STEP or (self.steps * self.step_size >= self.epsilon - 1e-9)


def make_trials(attacks, epsilons, *, step="fit", steps=15, restarts=1, **settings):
    """Every attack at every epsilon, each with the settings that it knows.

    Args:
      attacks: names of `ATTACKS` and `NOISES`.
      epsilons: radii in [0, 1].
      step: "fit" or "paper", see `Trial`.
      steps: of the iterative attacks.
      restarts: of the attacks with a random start.
      **settings: metric or preset of `make_attack`; None leaves an attack's own.

    Returns:
      list of Trial.
    """
    if step not in ("fit", "paper"):
        raise ReIDError(f"step rule {step!r} is unknown; use fit or paper")
    given = {key: value for key, value in settings.items() if value is not None}
    trials = []
    for name in attacks:
        own = {}
        if name in ATTACKS:
            own = dict(given) if name in ONE_STEP else {"steps": steps, **given}
            if make_attack(name, **own).random_start:
                own["restarts"] = restarts
        elif name not in NOISES:
            raise ReIDError(
                f"attack {name!r} is unknown; use one of {', '.join([*NOISES, *ATTACKS])}"
            )
        trials += [Trial(attack=name, epsilon=e, step=step, settings=own) for e in epsilons]
    return trials


def black_box_trials(kinds, epsilons, *, climbs="sma", budget=1000, steps=20, **settings):
    """The same for attackers who may only ask, `budget` questions an image at most.

    Args:
      kinds: names of `BLACK_BOX`. climbs: the attack whose objective, guides and start they use.
      settings: metric or preset of `make_attack`; None leaves an attack's own.
    """
    trials = []
    for kind in kinds:
        estimator = Estimator(kind=kind, pairs=pairs_for(budget, steps))
        trials += make_trials((climbs,), epsilons, steps=steps, gradient=estimator, **settings)
    return trials


def fitted_step(epsilon, steps):
    """Step size that reaches the edge of the ball: max(1/255, 2.5 epsilon / steps)."""
    return max(1 / 255, 2.5 * epsilon / max(steps, 1))
