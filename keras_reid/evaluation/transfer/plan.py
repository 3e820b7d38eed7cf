"""What a transfer evaluation measures, and how a generator and a victim are related."""

import dataclasses
from pathlib import Path

from keras_reid.errors import ReIDError
from keras_reid.models.sources import MODEL_FILE
from keras_reid.retrieval.distances import OWN

PIXEL_SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
OWN_VICTIM, CROSS_MODEL, CROSS_DATASET, BOTH = "own", "cross-model", "cross-dataset", "both"
UNKNOWN = "unknown"
# Their fingerprints are of something else than those of workdirs and .keras files.
NOT_COMPARABLE = ("saved_model", "function")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TransferPlan:
    """What is measured.

    epsilon_255: radius in 1/255 of generators and noise.
    pixel_shares: shares of the pixels, in (0, 1], at which each generator attacks its own victim.
    metric: "own" (what each victim says), "euclidean" or "cosine".
    average_precision: "standard" or "market_toolbox".
    seed: of the noise. examples: queries of each generator whose pictures are kept.
    """

    epsilon_255: float = 16.0
    pixel_shares: tuple = PIXEL_SHARES
    metric: str = OWN
    average_precision: str = "standard"
    batch_size: int = 32
    seed: int = 0
    examples: int = 3

    def __post_init__(self):
        if self.examples < 0:
            raise ReIDError(f"{self.examples} examples cannot be shown; give 0 or more")
        if not 0 <= self.epsilon_255 <= 255:
            raise ReIDError(f"epsilon must lie between 0 and 255, not {self.epsilon_255:g}")
        for share in self.pixel_shares:
            if not 0 < share <= 1:
                raise ReIDError(f"a share of the pixels lies above 0 and up to 1, not {share:g}")

    @property
    def epsilon(self):
        return self.epsilon_255 / 255


def check_sides(generators, victims, datasets):
    """Refuses an evaluation without anybody to attack, and one that names somebody twice."""
    for what, everybody in (
        ("generator", [each.fingerprint for each in generators]),
        ("victim", [place_of(each) for each in victims]),
        ("data set", [each.fingerprint() for each in datasets]),
    ):
        if not everybody:
            raise ReIDError(f"there is no {what}; name at least one")
        if len(set(everybody)) < len(everybody):
            raise ReIDError(f"a {what} is named twice; name each once")


def place_of(victim):
    """Where a victim lies, which is the same however its path is written."""
    path = Path(victim.source)
    if not path.exists():
        return victim.source  # a function
    return path.resolve() / MODEL_FILE if victim.kind == "workdir" else path.resolve()


def says_all(generator):
    """Whether a generator's folder says what it was trained on."""
    told = generator.trained_on
    return None not in (told.get("victim_fingerprint"), told.get("data_fingerprint"))


def is_own(generator, victim):
    """Whether a generator was trained against a victim's weights; None: cannot be known."""
    trained_against = generator.trained_on.get("victim_fingerprint")
    if trained_against in (victim.identity, victim.fingerprint):
        return True
    return None if victim.origin is None and victim.kind in NOT_COMPARABLE else False


def kinship(generator, victim, dataset):
    """How far the attack is from what the generator was trained on.

    Args:
      generator: Generator. victim: LoadedModel. dataset: Dataset of the queries.

    Returns:
      "own": this victim, on a test set of the data that the generator was trained on;
      "cross-model": another victim there; "cross-dataset": this victim on other data; "both";
      "unknown": the generator's folder does not say, or the victim's weights cannot be compared.
    """
    own_model = is_own(generator, victim) if says_all(generator) else None
    if own_model is None:
        return UNKNOWN
    own_data = generator.trained_on["data_fingerprint"] == dataset.fingerprint()
    return {
        (True, True): OWN_VICTIM,
        (False, True): CROSS_MODEL,
        (True, False): CROSS_DATASET,
        (False, False): BOTH,
    }[own_model, own_data]
