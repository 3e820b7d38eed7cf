"""The defences side by side on synthetic people: how well they find, and under the worst attack.

    python -m benchmarks.study --output=runs/study

Draws people, trains a clean model for each seed, then every defence from that model, and measures
each on the test split once, after training: nothing is chosen by it. The figure is the per-query
worst of SMA, FNA, ODFA and single-guide IFGSM. Every step is a command, printed before it runs;
what a stopped call left behind is used again. Writes benchmarks/study.json after every seed.
"""

import json
import sys
from pathlib import Path

from absl import flags

from benchmarks.study_bars import UNDEFENDED, bars, means
from keras_reid.files import write_json
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from trainers.road import Road

RESULTS = Path(__file__).with_name("study.json")
ATTACKS = ("sma", "fna", "odfa", "ifgsm")
DEFENSES = {
    "goat_0_0": ("--defense=goat", "--n_push=0", "--n_pull=0"),
    "goat_4_1": ("--defense=goat", "--n_push=4", "--n_pull=1"),
    "offline_4_1": ("--defense=offline", "--n_push=4", "--n_pull=1"),
    "madv_0_0": ("--defense=madv", "--n_push=0", "--n_pull=0", "--consistency_weight=1"),
}


def define_flags():
    """This command's flags."""
    flags.DEFINE_string("output", None, "Folder for data and runs.", required=True)
    flags.DEFINE_list("seeds", "0,1,2", "Of the trainings; one round each.")
    flags.DEFINE_multi_enum(
        "defense", list(DEFENSES), list(DEFENSES), "Defences to train; repeat it for several."
    )
    flags.DEFINE_integer("train_ids", 100, "People to train on.", lower_bound=20)
    flags.DEFINE_integer("test_ids", 50, "Other people, to be found.", lower_bound=2)
    flags.DEFINE_integer("epochs", 30, "Of the clean training.", lower_bound=1)
    flags.DEFINE_integer("defense_epochs", 10, "Of each defence.", lower_bound=1)
    flags.DEFINE_string("learning_rate", "1e-3", "Of each defence.")
    flags.DEFINE_integer("steps", 50, "Of the attacks that measure.", lower_bound=1)
    flags.DEFINE_integer("restarts", 3, "Of those with a random start.", lower_bound=1)
    flags.DEFINE_string("results", str(RESULTS), "JSON file to write.")


def measured(road, workdir, data, values):
    """(mAP of a workdir's model on the test split, the command): clean, chance, worst, attacks."""
    told = road.step(
        f"Measure {workdir}", "trainers.evaluate_robustness", f"--model={workdir}",
        f"--data={data}", f"--workdir={workdir}/robustness", f"--attacks={','.join(ATTACKS)}",
        "--epsilons_255=5", f"--steps={values.steps}", f"--restarts={values.restarts}", "--seeds=1",
        "--nodouble_steps", "--rank_lists=0",
    )  # fmt: skip
    found = json.loads(Path(workdir, "robustness", "results.json").read_text(encoding="utf-8"))
    figures = {
        "clean": found["clean"]["mean_ap"],
        "chance": found["chance"]["mean_ap"],
        "worst": found["worst"][0]["mean_ap"],
        **{row["attack"]: row["mean_ap"] for row in found["rows"]},
    }
    return {name: round(value, 4) for name, value in figures.items()}, told


def round_of(road, seed, data, values):
    """({model: figures}, {model: commands}) of one seed."""
    root = road.folder
    common = ("--preset=small", f"--data={data}", f"--seed={seed}")
    clean = root / f"{UNDEFENDED}_{seed}"
    trained = {
        UNDEFENDED: road.step(
            "Train the undefended twin",
            "trainers.train_embedder",
            *common,
            f"--epochs={values.epochs}",
            f"--workdir={clean}",
        )  # fmt: skip
    }
    for name in values.defense:
        trained[name] = road.step(
            f"Defend it: {name}", "trainers.train_goat", *common, *DEFENSES[name],
            f"--init_from={clean}", f"--epochs={values.defense_epochs}",
            f"--learning_rate={values.learning_rate}", f"--workdir={root / f'{name}_{seed}'}",
        )  # fmt: skip
    figures, commands = {}, {}
    for name, training in trained.items():
        figures[name], measuring = measured(road, root / f"{name}_{seed}", data, values)
        commands[name] = [training, measuring]
        print(json.dumps({name: figures[name]}), flush=True)
    return figures, commands


def main(argv):
    del argv
    values = flags.FLAGS
    road = Road(Path(values.output))
    data = road.folder / "people"
    if not data.exists():
        road.step(
            "Draw people", "trainers.make_people", f"--output={data}",
            f"--train_ids={values.train_ids}", f"--test_ids={values.test_ids}",
        )  # fmt: skip
    rounds, commands = [], {}
    for seed in values.seeds:
        figures, told = round_of(road, int(seed), data, values)
        rounds.append(figures)
        commands = commands or told
        report = {
            "benchmark": "study",
            "setting": f"{values.train_ids} people to train on, {values.test_ids} to find, small "
            "backbone at 64x32; mAP; query attacked in pixel space at 5/255, guides from the "
            f"query, {values.steps} steps, {values.restarts} restarts; worst: per query",
            "seeds": [int(each) for each in values.seeds[: len(rounds)]],
            "mean_map": means(rounds),
            "bars": bars(means(rounds)),
            "map_of_each_seed": rounds,
            "commands_of_the_first_seed": commands,
            "provenance": provenance(sys.argv),
        }
        write_json(values.results, report)
        print(json.dumps({key: report[key] for key in ("mean_map", "bars")}, indent=2), flush=True)
    print(f"written: {values.results}")


if __name__ == "__main__":
    define_flags()
    entry.run(main)
