"""Attacks a model on a data set and ranks again: attacks x epsilons.

    python -m trainers.attack --model=runs/demo/train --data=runs/demo/people \\
        --attacks=noise,ifgsm,sma,fna --epsilons_255=1,2,5,8 --results=runs/demo/attack.json

prints mAP, rank-1/5/10 and the change of the pixels as measured on the uint8 output; --save_images
writes the adversarial images as PNG with a JSON sidecar each; --misrank adds a generator of
trainers.train_misrank. Attack only models that you may test.
"""

import sys

from absl import flags

from keras_reid.attacks import ATTACKS, NOISES
from keras_reid.evaluation.guiding import SOURCES
from keras_reid.evaluation.plan import AttackPlan, run_plan
from keras_reid.files import check_writable, write_json
from keras_reid.models import check_gradient
from keras_reid.retrieval.distances import CHOICES
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from trainers.epsilons import parse_epsilons
from trainers.flag_groups import DataFlags, GeneratorFlags, ModelFlags
from trainers.terminal import print_attack_table, progress_bar


def define_flags():
    """This command's flags."""
    flags.DEFINE_list("attacks", "noise,sma,fna", f"Some of {', '.join([*NOISES, *ATTACKS])}.")
    flags.DEFINE_list("epsilons_255", "5", "Radii in 1/255, for instance 1,2,5,8.")
    flags.DEFINE_integer("steps", 15, "Steps of the iterative attacks.", lower_bound=1)
    flags.DEFINE_enum(
        "step", "fit", ["fit", "paper"],
        "fit: max(1/255, 2.5 epsilon / steps), which reaches the ball's edge; paper: 1/255.",
    )  # fmt: skip
    flags.DEFINE_integer(
        "restarts", 1, "Random starts of which each image keeps its best.", lower_bound=1
    )
    flags.DEFINE_enum(
        "preset", "paper", ["paper", "reference"], "reference: as the paper's released code."
    )
    flags.DEFINE_enum(
        "metric", "own", list(CHOICES),
        "Distance of the ranking; own: the model's own. The attacks move the angle under cosine "
        "(odfa always), else the Euclidean distance.",
    )  # fmt: skip
    flags.DEFINE_enum(
        "average_precision", "standard", ["standard", "market_toolbox"], "Which average precision."
    )
    flags.DEFINE_enum(
        "guide_source", "query", list(SOURCES), "Where guides come from (what the attacker knows)."
    )
    flags.DEFINE_integer(
        "num_push", 1, "Pushing guides of fgsm, ifgsm, mifgsm, pgd.", lower_bound=0
    )
    flags.DEFINE_integer("num_pull", 0, "Pulling guides of the same.", lower_bound=0)
    flags.DEFINE_enum("pull_identity", "furthest", ["furthest", "random"], "Identity pulled to.")
    flags.DEFINE_enum(
        "attacked", "query", ["query", "gallery"], "Which side is attacked; the other stays clean."
    )
    flags.DEFINE_integer("batch_size", 32, "Images per step.", lower_bound=1)
    flags.DEFINE_integer("seed", 0, "Of random starts, noise and sampled guides.", lower_bound=0)
    flags.DEFINE_string("results", None, "JSON file for figures and rank lists.")
    flags.DEFINE_string("report", None, "HTML file for a page with table, curves and rank lists.")
    flags.DEFINE_string("save_images", None, "Folder for adversarial PNGs and sidecars.")
    flags.DEFINE_integer("save_count", None, "Images to save per trial.", lower_bound=1)
    flags.DEFINE_integer(
        "rank_lists", 6, "Queries whose rank lists go into --results.", lower_bound=0
    )


def plan_from(values):
    """The AttackPlan that the flags describe; an unknown attack is refused here already."""
    plan = AttackPlan(
        attacks=tuple(values.attacks),
        epsilons=tuple(value / 255 for value in parse_epsilons(values.epsilons_255)),
        step=values.step,
        steps=values.steps,
        restarts=values.restarts,
        preset=values.preset,
        metric=values.metric,
        average_precision=values.average_precision,
        guide_source=values.guide_source,
        num_push=values.num_push,
        num_pull=values.num_pull,
        pull_identity=values.pull_identity,
        attacked=values.attacked,
        batch_size=values.batch_size,
        seed=values.seed,
        save_images=values.save_images,
        save_count=values.save_count,
        rank_lists=values.rank_lists,
    )
    plan.trials()
    return plan


def cli():
    """The console script."""
    model_flags, data_flags = ModelFlags.define(), DataFlags.define()
    generator_flags = GeneratorFlags.define()
    define_flags()

    def main(argv):
        del argv
        values = flags.FLAGS
        plan = plan_from(values)
        for path in filter(None, (values.results, values.report)):
            check_writable(path)
        generator = generator_flags.load()
        dataset = data_flags.load()
        model = model_flags.load()
        if set(plan.attacks) & set(ATTACKS):  # noise needs no gradient
            check_gradient(model)
        summary = run_plan(model, dataset, plan, progress_bar, generator)
        summary["provenance"] = provenance(sys.argv)
        print_attack_table(summary)
        if values.results:
            write_json(values.results, summary)
            print(f"written: {values.results}")
        if values.report:
            # Matplotlib takes a second to start.
            from keras_reid.reports import attack_report, write_report

            write_report(values.report, attack_report(summary))
            print(f"written: {values.report}")

    entry.run(main)


if __name__ == "__main__":
    cli()
