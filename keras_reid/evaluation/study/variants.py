"""What a study of guides compares: the variants, and the questions that they answer."""

import dataclasses

from keras_reid.errors import ReIDError
from keras_reid.evaluation.study.claims import Claim, at_least_as_strong, stronger

SEVERAL = 4  # guides, as many as the published defence takes
ITERATIVE = "ifgsm"  # the attack of the paper's single guide, without a random start of its own


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variant:
    """One attack and how its guides are chosen.

    attack: name of `ATTACKS`. num_push, num_pull: of the sampled guides; fna takes all there are.
    pull_identity: "furthest" or "random".
    """

    name: str
    attack: str = ITERATIVE
    num_push: int = 1
    num_pull: int = 0
    pull_identity: str = "furthest"

    @property
    def pulls(self):
        return self.attack == "fna" or (self.attack == ITERATIVE and self.num_pull > 0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Question:
    """One pair of plots.

    shown: {label in the plots: key of a variant}. claims: what was published about it.
    """

    title: str
    shown: dict
    claims: tuple[Claim, ...]


def make_variants(several=SEVERAL):
    """{key: Variant} for a number of guides that counts as several."""
    if several < 2:
        raise ReIDError(f"several guides are two or more, not {several}; raise --several")
    pull = several // 2
    push = several - pull
    return {
        "push_one": Variant(name="1 push"),
        "push_several": Variant(name=f"{several} pushes", num_push=several),
        "pull_one": Variant(name="1 pull", num_push=0, num_pull=1),
        "pull_several": Variant(name=f"{several} pulls", num_push=0, num_pull=several),
        "both": Variant(name=f"{push} push + {pull} pull", num_push=push, num_pull=pull),
        "pull_random": Variant(
            name=f"{several} pulls, random", num_push=0, num_pull=several, pull_identity="random"
        ),
        "sma": Variant(name="SMA", attack="sma"),
        "odfa": Variant(name="ODFA", attack="odfa"),
        "fna": Variant(name="FNA", attack="fna"),
        "fna_random": Variant(name="FNA, random", attack="fna", pull_identity="random"),
    }


def make_questions(variants):
    """[Question] about these variants.

    Source of the claims: Bouniot et al. 2020.
    """

    def shown(*keys):
        return {variants[key].name: key for key in keys}

    return [
        Question(
            title="pushing, pulling or both",
            shown=shown("push_several", "pull_several", "both"),
            claims=(
                Claim(
                    name="both together",
                    text="pushing and pulling together is stronger than either alone",
                    judge=stronger,
                    pairs=(("both", "push_several"), ("both", "pull_several")),
                ),
            ),
        ),
        Question(
            title="one guide or several",
            shown=shown("push_one", "push_several", "pull_one", "pull_several"),
            claims=(
                Claim(
                    name="several guides",
                    text="several guides are stronger than a single one",
                    judge=stronger,
                    pairs=(("push_several", "push_one"), ("pull_several", "pull_one")),
                ),
            ),
        ),
        Question(
            title="the furthest identity or a random one",
            shown={
                "furthest": "pull_several",
                "random": "pull_random",
                "FNA furthest": "fna",
                "FNA random": "fna_random",
            },
            claims=(
                Claim(
                    name="furthest identity",
                    text="pulling to the furthest identity is stronger than to a random one",
                    judge=stronger,
                    pairs=(("pull_several", "pull_random"), ("fna", "fna_random")),
                ),
            ),
        ),
        Question(
            title="with and without images of others",
            shown={
                "single guide": "push_one",
                **shown("push_several", "both", "sma", "odfa", "fna"),
            },
            claims=(
                Claim(
                    name="SMA and one guide",
                    text="SMA, which needs no second image, is at least as strong as a single "
                    "guide",
                    judge=at_least_as_strong,
                    pairs=(("sma", "push_one"),),
                ),
                Claim(
                    name="SMA and ODFA",
                    text="SMA is stronger than ODFA",
                    judge=stronger,
                    pairs=(("sma", "odfa"),),
                ),
                Claim(
                    name="FNA the strongest",
                    text="FNA is the strongest",
                    judge=stronger,
                    pairs=tuple(
                        ("fna", other)
                        for other in ("push_one", "push_several", "both", "sma", "odfa")
                    ),
                ),
            ),
        ),
    ]
