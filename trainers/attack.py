"""Attacks a model on a data set and ranks again: attacks x epsilons.

    python -m trainers.attack --model=runs/demo/train --data=runs/demo/people \\
        --attacks=noise,ifgsm,sma,fna --epsilons_255=1,2,5,8 --results=runs/demo/attack.json

prints mAP, rank-1/5/10 and the change of the pixels as measured on the uint8 output; --save_images
writes the adversarial images as PNG with a JSON sidecar each. Attack only models that you may test.
"""

import sys

from absl import flags
from keras_reid.runs.provenance import provenance

from keras_reid.attacks import ATTACKS, NOISES
from keras_reid.errors import ReIDError
from keras_reid.evaluation.guiding import SOURCES
from keras_reid.evaluation.plan import AttackPlan, run_plan
from keras_reid.files import write_json
from keras_reid.models import check_gradient
from keras_reid.runs import entry
from trainers.flag_groups import DataFlags, ModelFlags
from trainers.terminal import print_attack_table, progress_bar

MODEL = ModelFlags.define()
DATA = DataFlags.define()
ATTACK_NAMES = flags.DEFINE_list(
    "attacks", "noise,sma,fna", f"Some of {', '.join([*NOISES, *ATTACKS])}."
)
EPSILONS = flags.DEFINE_list("epsilons_255", "5", "Radii in 1/255, for instance 1,2,5,8.")
STEPS = flags.DEFINE_integer("steps", 15, "Steps of the iterative attacks.", lower_bound=1)
STEP = flags.DEFINE_enum(
    "step", "fit", ["fit", "paper"],
    "fit: max(1/255, 2.5 epsilon / steps), which reaches the ball's edge; paper: 1/255.",
)  # fmt: skip
RESTARTS = flags.DEFINE_integer(
    "restarts", 1, "Random starts of which each image keeps its best.", lower_bound=1
)
PRESET = flags.DEFINE_enum(
    "preset", "paper", ["paper", "reference"], "reference: as the released code of the paper does."
)
METRIC = flags.DEFINE_enum(
    "metric", "euclidean", ["euclidean", "cosine"],
    "Distance of the ranking; the attacks move the same one (odfa always the angle).",
)  # fmt: skip
AP = flags.DEFINE_enum(
    "average_precision", "standard", ["standard", "market_toolbox"], "Which average precision."
)
SOURCE = flags.DEFINE_enum(
    "guide_source", "query", list(SOURCES), "Where guides come from (what the attacker knows)."
)
NUM_PUSH = flags.DEFINE_integer(
    "num_push", 1, "Pushing guides of fgsm, ifgsm, mifgsm, pgd.", lower_bound=0
)
NUM_PULL = flags.DEFINE_integer("num_pull", 0, "Pulling guides of the same.", lower_bound=0)
SELECTION = flags.DEFINE_enum(
    "pull_identity", "furthest", ["furthest", "random"], "Identity that fna pulls to."
)
ATTACKED = flags.DEFINE_enum(
    "attacked", "query", ["query", "gallery"], "Which side is attacked; the other stays clean."
)
BATCH = flags.DEFINE_integer("batch_size", 32, "Images per step.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Of random starts, noise and sampled guides.", lower_bound=0)
RESULTS = flags.DEFINE_string("results", None, "JSON file for figures and rank lists.")
SAVE_IMAGES = flags.DEFINE_string("save_images", None, "Folder for adversarial PNGs and sidecars.")
SAVE_COUNT = flags.DEFINE_integer("save_count", None, "Images to save per trial.", lower_bound=1)
RANK_LISTS = flags.DEFINE_integer(
    "rank_lists", 6, "Queries whose rank lists go into --results.", lower_bound=0
)


def parse_epsilons(texts):
    """["1", "5"] in 1/255 -> floats in [0, 1], or a ReIDError."""
    try:
        values = [float(text) for text in texts]
    except ValueError as error:
        raise ReIDError(f"--epsilons_255={','.join(texts)} holds something not a number") from error
    if not values or not all(0 <= value <= 255 for value in values):
        raise ReIDError(f"--epsilons_255={','.join(texts)} must be numbers from 0 to 255")
    return tuple(value / 255 for value in values)


def main(argv):
    del argv
    plan = AttackPlan(
        attacks=tuple(ATTACK_NAMES.value),
        epsilons=parse_epsilons(EPSILONS.value),
        step=STEP.value,
        steps=STEPS.value,
        restarts=RESTARTS.value,
        preset=PRESET.value,
        metric=METRIC.value,
        average_precision=AP.value,
        guide_source=SOURCE.value,
        num_push=NUM_PUSH.value,
        num_pull=NUM_PULL.value,
        pull_identity=SELECTION.value,
        attacked=ATTACKED.value,
        batch_size=BATCH.value,
        seed=SEED.value,
        save_images=SAVE_IMAGES.value,
        save_count=SAVE_COUNT.value,
        rank_lists=RANK_LISTS.value,
    )
    plan.trials()  # an unknown attack is refused before anything is loaded
    model = MODEL.load()
    check_gradient(model)
    summary = run_plan(model, DATA.load(), plan, progress_bar)
    summary["provenance"] = provenance(sys.argv)
    print_attack_table(summary)
    if RESULTS.value:
        write_json(RESULTS.value, summary)
        print(f"written: {RESULTS.value}")


def cli():
    entry.run(main)


if __name__ == "__main__":
    cli()
