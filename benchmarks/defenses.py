"""The defences side by side on synthetic people: clean, under SMA and under FNA.

    python -m benchmarks.defenses --output=runs/defenses

Draws people, trains a clean model, then every defence from that model for as many epochs, and
measures each on the test split once, after training: nothing is chosen by it. Every step is a
command, printed before it runs; what a stopped call left behind is used again. Writes
benchmarks/defenses.json.
"""

import json
import os
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.files import write_json
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance

RESULTS = Path(__file__).with_name("defenses.json")
DEFENSES = {
    "goat (0,0)": ("--defense=goat", "--n_push=0", "--n_pull=0"),
    "goat (4,1)": ("--defense=goat", "--n_push=4", "--n_pull=1"),
    "offline (4,1)": ("--defense=offline", "--n_push=4", "--n_pull=1"),
    "madv (0,0)": (
        "--defense=madv", "--n_push=0", "--n_pull=0", "--consistency_weight=1",
    ),
}  # fmt: skip


def define_flags():
    """This command's flags."""
    flags.DEFINE_string("output", None, "Folder for data and runs.", required=True)
    flags.DEFINE_list("seeds", "0", "Of the trainings; one round each.")
    flags.DEFINE_integer("train_ids", 100, "People to train on.", lower_bound=20)
    flags.DEFINE_integer("test_ids", 50, "Other people, to be found.", lower_bound=2)
    flags.DEFINE_integer("epochs", 30, "Of the clean training.", lower_bound=1)
    flags.DEFINE_integer("defense_epochs", 10, "Of each defence.", lower_bound=1)
    flags.DEFINE_string("learning_rate", "1e-3", "Of each defence.")


def command(module, *arguments):
    """Prints and runs `python -m module arguments...`; its failure is this one's."""
    shown = ["python", "-m", module, *map(str, arguments)]
    print(f"$ {shlex.join(shown)}", flush=True)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    code = subprocess.run([sys.executable, *shown[1:]], env=environment, check=False).returncode
    if code:
        raise ReIDError(f"{module} ended with exit code {code}; its message is above")
    return shlex.join(shown)


def measured(model, data):
    """{"clean", "sma", "fna"}: mAP of a workdir's model on the test split."""
    results = Path(model) / "attack.json"
    if not results.exists():
        command(
            "trainers.attack", f"--model={model}", f"--data={data}", "--attacks=sma,fna",
            "--epsilons_255=5", "--rank_lists=0", f"--results={results}",
        )  # fmt: skip
    found = json.loads(results.read_text(encoding="utf-8"))
    rows = {row["attack"]: round(row["mean_ap"], 4) for row in found["rows"]}
    chance = {"chance": round(found["chance"]["mean_ap"], 4)}
    return {"clean": round(found["clean"]["mean_ap"], 4), **rows, **chance}


def round_of(seed, root, data, values):
    """(figures, commands) of the clean model and of every defence, for one seed."""
    common = ("--preset=small", f"--data={data}", f"--seed={seed}")
    clean = root / f"clean_{seed}"
    commands = {
        "undefended": command(
            "trainers.train_embedder", *common, f"--epochs={values.epochs}", f"--workdir={clean}"
        )
    }
    figures = {"undefended": measured(clean, data)}
    for name, settings in DEFENSES.items():
        workdir = root / f"{name.translate(str.maketrans(' ,', '__', '()'))}_{seed}"
        commands[name] = command(
            "trainers.train_goat", *common, *settings, f"--init_from={clean}",
            f"--epochs={values.defense_epochs}", f"--learning_rate={values.learning_rate}",
            f"--workdir={workdir}",
        )  # fmt: skip
        figures[name] = measured(workdir, data)
        print(json.dumps({name: figures[name]}), flush=True)
    return figures, commands


def main(argv):
    del argv
    values = flags.FLAGS
    root = Path(values.output)
    data = root / "people"
    if not data.exists():
        command(
            "trainers.make_people", f"--output={data}", f"--train_ids={values.train_ids}",
            f"--test_ids={values.test_ids}",
        )  # fmt: skip
    rounds = [round_of(int(seed), root, data, values) for seed in values.seeds]
    figures = [each for each, _ in rounds]
    report = {
        "benchmark": "defenses",
        "setting": f"{values.train_ids} people to train on, {values.test_ids} to find, small "
        "backbone at 64x32; mAP; attacks in pixel space at 5/255, 15 steps that reach the edge",
        "seeds": [int(seed) for seed in values.seeds],
        "mean_map": {
            name: {
                column: round(statistics.mean(each[name][column] for each in figures), 4)
                for column in row
            }
            for name, row in figures[0].items()
        },
        "map_of_each_seed": figures,
        "commands": rounds[0][1],
        "provenance": provenance(sys.argv),
    }
    print(json.dumps(report["mean_map"], indent=2))
    write_json(RESULTS, report)
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    define_flags()
    entry.run(main)
