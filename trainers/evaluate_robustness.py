"""Measures how a model stands up to attacks, and how far the measurement itself can be trusted.

    python -m trainers.evaluate_robustness --model=runs/demo/train --data=runs/demo/people \\
        --workdir=runs/demo/robustness --preset=quick

measures attacks x epsilons x guide sources x sides x seeds, beside noise and chance, and the worst
attack for each query. Every cell is kept in <workdir>/cells: an interrupted evaluation goes on
where it was, a finished one is read. Writes <workdir>/results.json, report.html, per_query.csv and
images/. `python -m trainers.report` makes the page again from results.json.
--twin measures an undefended model beside it, --surrogate adversarial images of another model,
--black_box attackers who may only ask, --misrank a generator that trainers.train_misrank trained.
Attack only models that you may test.

--study=guides measures instead what kinds of guides do to one attack, and which published claims
about them hold; it writes <workdir>/study.json, study.csv and study.html.
"""

import sys

from absl import flags

from keras_reid.attacks import ATTACKS, BLACK_BOX
from keras_reid.errors import ReIDError
from keras_reid.evaluation.checks import run_checks
from keras_reid.evaluation.checks.twin import UNDEFENDED
from keras_reid.evaluation.evaluator import run_robustness
from keras_reid.evaluation.guiding import SOURCES
from keras_reid.evaluation.protocol import ATTACKED
from keras_reid.evaluation.robustness_files import (
    check_results_file,
    read_results,
    save_examples,
    write_per_query,
)
from keras_reid.evaluation.robustness_plan import RobustnessPlan
from keras_reid.evaluation.robustness_results import results
from keras_reid.evaluation.study import SEVERAL
from keras_reid.files import check_writable, write_json
from keras_reid.models import check_differentiable
from keras_reid.reports import robustness_report, write_report
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from trainers.epsilons import parse_epsilons
from trainers.flag_groups import (
    DataFlags,
    GeneratorFlags,
    ModelFlags,
    define_ranking,
    measuring_from,
    workdir_from,
)
from trainers.guides_study import check_study, study_guides
from trainers.kept_cells import open_cells
from trainers.robustness_presets import PRESETS, resolved
from trainers.robustness_table import print_robustness
from trainers.terminal import progress_bar

PRESET_FLAGS = ("attacks", "epsilons_255", "steps", "restarts", "seeds", "black_box")


def define_flags():
    """This command's flags."""
    flags.DEFINE_string("workdir", None, "Folder for cells and results.", required=True)
    flags.DEFINE_enum(
        "preset", "quick", list(PRESETS),
        "What the flags below that are not set mean: quick is a look, full a report.",
    )  # fmt: skip
    flags.DEFINE_list("attacks", None, f"Some of {', '.join(ATTACKS)}; noise always comes along.")
    flags.DEFINE_list("epsilons_255", None, "Radii in 1/255, ascending, for instance 0,2,5,8.")
    flags.DEFINE_integer("steps", None, "Steps of the iterative attacks.", lower_bound=1)
    flags.DEFINE_integer("restarts", None, "Random starts within a cell.", lower_bound=1)
    flags.DEFINE_integer("seeds", None, "How many seeds.", lower_bound=1)
    flags.DEFINE_list("black_box", None, f"Some of {', '.join(BLACK_BOX)}, on some queries.")
    flags.DEFINE_list("guide_sources", "query", f"Some of {', '.join(SOURCES)}.")
    flags.DEFINE_list("attacked", "query", f"Some of {', '.join(ATTACKED)}.")
    flags.DEFINE_integer("seed", 0, "The first seed.", lower_bound=0)
    flags.DEFINE_string("twin", None, "Undefended model, in any form that --model takes.")
    flags.DEFINE_list("surrogate", [], "Models whose adversarial images the victim gets.")
    flags.DEFINE_string(
        "trained_with",
        None,
        "Attack that the model was trained against, or nothing; unset: as its workdir says.",
    )
    flags.DEFINE_integer("black_box_queries", 32, "Queries that a black box attacks.")
    flags.DEFINE_integer("black_box_budget", 1000, "Questions that it may ask for each.")
    flags.DEFINE_string("black_box_climbs", "sma", "The attack whose objective it climbs.")
    flags.DEFINE_enum(
        "step", "fit", ["fit", "paper"],
        "fit: max(1/255, 2.5 epsilon / steps), which reaches the ball's edge; paper: 1/255.",
    )  # fmt: skip
    flags.DEFINE_enum("attack_preset", "paper", ["paper", "reference"], "As in trainers.attack.")
    define_ranking()
    flags.DEFINE_integer("num_push", 1, "Pushing guides of fgsm to pgd.", lower_bound=0)
    flags.DEFINE_integer("num_pull", 0, "Pulling guides of the same.", lower_bound=0)
    flags.DEFINE_enum("pull_identity", "furthest", ["furthest", "random"], "Pulled to.")
    flags.DEFINE_integer("batch_size", 32, "Images per step.", lower_bound=1)
    flags.DEFINE_integer("rank_lists", 4, "Queries kept to be looked at.", lower_bound=0)
    flags.DEFINE_bool(
        "double_steps", True, "Run iterative attacks once more with twice the steps: a check."
    )
    flags.DEFINE_integer("bootstrap", 1000, "Resamplings of an interval.", lower_bound=10)
    flags.DEFINE_enum("study", None, ["guides"], "What is compared instead of evaluating.")
    flags.DEFINE_integer("several", SEVERAL, "Guides that several means in a study.")


def plan_from(values):
    """The RobustnessPlan that the flags describe."""
    chosen = resolved(values.preset, {name: values[name].value for name in PRESET_FLAGS})
    return RobustnessPlan(
        attacks=tuple(chosen["attacks"]),
        epsilons_255=parse_epsilons(chosen["epsilons_255"]),
        steps=chosen["steps"],
        restarts=chosen["restarts"],
        seeds=tuple(range(values.seed, values.seed + chosen["seeds"])),
        black_box=tuple(chosen["black_box"]),
        guide_sources=tuple(values.guide_sources),
        attacked=tuple(values.attacked),
        black_box_queries=values.black_box_queries,
        black_box_budget=values.black_box_budget,
        black_box_climbs=values.black_box_climbs,
        step=values.step,
        preset=values.attack_preset,
        num_push=values.num_push,
        num_pull=values.num_pull,
        pull_identity=values.pull_identity,
        rank_lists=values.rank_lists,
        bootstrap=values.bootstrap,
        double_steps=values.double_steps,
        **measuring_from(values),
    )


def trained_against(model):
    """What a model's training attacked, as its workdir tells: None where there is none."""
    if model.config is None:
        return None
    config = model.config
    if config.get("attack") == "auto":
        return "pgd" if config.get("n_push", 0) + config.get("n_pull", 0) else "sma"
    return config.get("attack", UNDEFENDED)


def evaluate(
    plan, workdir, model, dataset, *, twin=None, surrogates=(), trained_with=None, generator=None
):
    """Measures, writes and prints."""
    origin, (store, damaged) = provenance(sys.argv), open_cells(workdir)
    findings = run_robustness(
        model,
        dataset,
        plan,
        store,
        twin=twin,
        surrogates=surrogates,
        progress=progress_bar,
        command=origin["command"],
        trained_with=trained_with,
        generator=generator,
    )
    findings.notes.extend(damaged)
    told = results(findings, dataset, plan, run_checks(findings.evidence))
    told["rank_lists"] = save_examples(findings, dataset, plan, workdir / "images")
    told["provenance"] = origin
    write_per_query(workdir / "per_query.csv", findings, dataset)
    write_json(workdir / "results.json", told)
    print_robustness(told)
    print(
        f"{findings.computed} cells computed, {findings.reused} read; "
        f"written: {workdir / 'results.json'}, {workdir / 'per_query.csv'}"
    )
    # Last, and from what was written: whatever the page lacks, the figures are there.
    write_report(workdir / "report.html", robustness_report(read_results(workdir / "results.json")))
    print(f"written: {workdir / 'report.html'}")


def check_outputs(workdir):
    """Refuses a place where the results could not be written."""
    for name in ("results.json", "per_query.csv", "report.html"):
        check_writable(workdir / name)
    check_results_file(workdir / "results.json")


def cli():
    """The console script."""
    model_flags, data_flags = ModelFlags.define(), DataFlags.define()
    generator_flags = GeneratorFlags.define()
    define_flags()

    def main(argv):
        del argv
        values = flags.FLAGS
        plan, workdir = plan_from(values), workdir_from(values)
        generator = generator_flags.load()
        if values.study:
            if generator is not None:
                raise ReIDError("--study compares guides, and a generator has none; drop --misrank")
            check_study(values, workdir)
        else:
            check_outputs(workdir)
        dataset = data_flags.load()
        model = model_flags.load()
        twin = model_flags.load_beside(values.twin) if values.twin else None
        surrogates = tuple(map(model_flags.load_beside, values.surrogate))
        # A gradient of zero is a finding, not bad input.
        for each in filter(None, (model, twin, *surrogates)):
            check_differentiable(each)
        if values.study:
            study_guides(plan, workdir, model, dataset, several=values.several, twin=twin)
            return
        evaluate(
            plan,
            workdir,
            model,
            dataset,
            twin=twin,
            surrogates=surrogates,
            trained_with=values.trained_with or trained_against(model),
            generator=generator,
        )

    entry.run(main)


if __name__ == "__main__":
    cli()
