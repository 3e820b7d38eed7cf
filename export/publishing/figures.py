"""How good an export is: mean average precision, clean and under attack, and its latency."""

import contextlib
import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.evaluation.plan import AttackPlan, run_plan
from keras_reid.evaluation.robustness_files import read_results
from keras_reid.models import check_gradient, load_model

ATTACKS, EPSILON_255 = ("sma", "fna"), 5.0
KINDS = ("attack", "robustness")  # of results that are understood


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setup:
    """What figures were measured on; figures of different setups cannot be compared.

    data: fingerprint of the records. steps, seed: None where a file was read.
    """

    data: str
    attacks: tuple
    epsilon_255: float
    steps: int | None = None
    seed: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """Shares in [0, 1]. robust: {attack: mAP}. latency_ms: median of one image, or None."""

    mean_ap: float
    robust: dict
    setup: Setup
    latency_ms: float | None = None

    @classmethod
    def from_json(cls, told):
        setup = Setup(**{**told["setup"], "attacks": tuple(told["setup"]["attacks"])})
        return cls(**{**told, "setup": setup})


def measure(folder, dataset, setup, batch_size, progress):
    """Figures of the SavedModel at a version folder, on a data set.

    Args:
      folder: Path. dataset: Dataset. setup: Setup, of this data set.
      progress: (title, total) -> callable taking how many images are done.
    """
    model = load_model(folder)
    check_gradient(model)
    plan = AttackPlan(
        attacks=setup.attacks,
        epsilons=(setup.epsilon_255 / 255,),
        steps=setup.steps,
        seed=setup.seed,
        batch_size=batch_size,
        rank_lists=0,
    )
    summary = run_plan(model, dataset, plan, progress)
    return Figures(
        mean_ap=summary["clean"]["mean_ap"],
        robust={row["attack"]: row["mean_ap"] for row in summary["rows"]},
        setup=setup,
    )


def read_figures(path, folder, attacks, epsilon_255):
    """Figures from the results of trainers.attack or trainers.evaluate_robustness.

    Args:
      path: JSON file. folder: of the export, which, or whose model, it has to be about.
      attacks, epsilon_255: what is wanted of it.

    Raises:
      ReIDError: no such results, of another model, or without one of the attacks.
    """
    told, model = read_any(path), load_model(folder)
    if told["model"]["fingerprint"] not in (model.identity, model.fingerprint):
        raise ReIDError(
            f"{path} is about {told['model']['source']} ({told['model']['fingerprint']}) and the "
            f"export is of {model.identity}; measure that, or leave out --results"
        )
    found = {}
    for attack in attacks:
        values = list(precisions(told, attack, epsilon_255))
        if not values:
            raise ReIDError(
                f"{path} has no figure of {attack} at {epsilon_255:g}/255; measure it, or name "
                "others with --attacks and --epsilon_255"
            )
        found[attack] = min(values)
    setup = Setup(data=told["data"]["fingerprint"], attacks=attacks, epsilon_255=epsilon_255)
    return Figures(mean_ap=told["clean"]["mean_ap"], robust=found, setup=setup)


def read_any(path):
    """The dict of a results file of one of KINDS, or a ReIDError."""
    for kind in KINDS:
        with contextlib.suppress(ReIDError):
            return read_results(path, kind)
    raise ReIDError(
        f"{path} holds no results of trainers.attack or trainers.evaluate_robustness; name another "
        "file, or measure with --data"
    )


def precisions(told, attack, epsilon_255):
    """Every mAP that results have of an attack on the query at an epsilon."""
    if told["kind"] == "attack":
        for row in told["rows"]:
            if row["attack"] == attack and row["epsilon_255"] == epsilon_255:
                yield row["mean_ap"]
        return
    for entry in told["summary"]:
        wanted = entry["role"] == "victim" and entry["attacked"] == "query"
        if wanted and entry["attack"] == attack and entry["epsilon_255"] == epsilon_255:
            yield entry["mean_ap"]["mean"]
