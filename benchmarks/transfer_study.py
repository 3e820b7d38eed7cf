"""Whom the mis-ranking generator fools that it was not trained against, on synthetic people.

    python -m benchmarks.transfer_study --output=runs/study

Draws people in two styles, trains six victims of different architectures on the first and one on
the second, then a generator against the small victim of each style, and shows both generators to
everybody, and to a model that benchmarks.study defended, on both test splits, once, after training:
nothing is chosen by them. Every step is a command, printed before it runs; what a stopped call left
behind is used again (data, victim and generator of seed 0 are those of benchmarks.misrank_study).
Writes benchmarks/transfer_study.json.
"""

import json
import sys
from pathlib import Path

from absl import flags

from keras_reid.files import write_json
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from trainers.road import Road

RESULTS = Path(__file__).with_name("transfer_study.json")
STYLES = {"people": "street", "people_b": "mall"}
SMALL, SMALL_B = "clean_0", "clean_b"
GENERATORS = {"misrank_whole_0": (SMALL, "people"), "misrank_b": (SMALL_B, "people_b")}
FROM_SCRATCH = ("--init_from=none", "--last_stride=2", "--stripes=1")
PARTS = ("--embedding_size=32", "--stripes=8")
# The small preset with another backbone or head: epochs, until people held out of training are
# found again, and what is said beside.
VICTIMS = {
    SMALL: (30, ()),
    "zoo_densenet121": (20, ("--model=densenet121", *FROM_SCRATCH, "--learning_rate=1e-3")),
    "zoo_mobilenetv2": (30, ("--model=mobilenetv2", *FROM_SCRATCH)),
    "zoo_osnet": (20, ("--model=osnet", "--alpha=0.25", *FROM_SCRATCH)),
    "zoo_pcb": (20, ("--head=pcb", *PARTS)),
    "zoo_aligned": (20, ("--head=aligned", *PARTS)),
}
FOOLED, ENOUGH = 0.5, 2  # rank-1 left, of clean; victims of another architecture


def define_flags():
    """This command's flags."""
    flags.DEFINE_string("output", None, "Folder for data and runs.", required=True)
    flags.DEFINE_multi_enum(
        "victim", list(VICTIMS), list(VICTIMS), "Whom to train; repeat it for several."
    )
    flags.DEFINE_list("defended", "goat_4_1_0", "Workdirs of benchmarks.study, shown if they are.")
    flags.DEFINE_integer("train_ids", 100, "People to train on.", lower_bound=20)
    flags.DEFINE_integer("test_ids", 50, "Other people, to be found.", lower_bound=2)
    flags.DEFINE_integer("epochs", 12, "Of each generator.", lower_bound=1)
    flags.DEFINE_string("results", str(RESULTS), "JSON file to write.")


def draw(road, name, style, values):
    """The folder of a data set."""
    data = road.folder / name
    if not data.exists():
        # Another seed: other people, not only another place.
        road.step(
            f"Draw people: {style}", "trainers.make_people", f"--output={data}",
            f"--style={style}", f"--seed={list(STYLES).index(name)}",
            f"--train_ids={values.train_ids}", f"--test_ids={values.test_ids}",
        )  # fmt: skip
    return data


def train_all(road, values):
    """{workdir's name: command} of everybody."""
    told = {}
    data = {name: draw(road, name, style, values) for name, style in STYLES.items()}
    wanted = dict.fromkeys([SMALL, *values.victim])
    victims = {name: (*VICTIMS[name], "people") for name in wanted}
    victims[SMALL_B] = (*VICTIMS[SMALL], "people_b")
    for name, (epochs, how, where) in victims.items():
        told[name] = road.step(
            f"Train a victim: {name}", "trainers.train_embedder", "--preset=small", *how,
            f"--data={data[where]}", "--seed=0", f"--epochs={epochs}",
            f"--workdir={road.folder / name}",
        )  # fmt: skip
    for name, (victim, where) in GENERATORS.items():
        told[name] = road.step(
            f"Train a generator: {name}", "trainers.train_misrank", "--preset=small",
            f"--data={data[where]}", f"--victim={road.folder / victim}", "--seed=0",
            f"--epochs={values.epochs}", f"--workdir={road.folder / name}",
        )  # fmt: skip
    return told


def measure(road, names):
    """(results.json of the transfer evaluation of everybody, the command)."""
    workdir = road.folder / "transfer"
    told = road.step(
        "Show the generators to everybody", "trainers.evaluate_transfer",
        f"--generators={','.join(str(road.folder / name) for name in GENERATORS)}",
        f"--victims={','.join(str(road.folder / name) for name in names)}",
        f"--data={road.folder / 'people'}", f"--data_b={road.folder / 'people_b'}",
        f"--workdir={workdir}",
    )  # fmt: skip
    return json.loads((workdir / "results.json").read_text(encoding="utf-8")), told


def lines(found):
    """One line a cell of the matrix: who attacked whom where, and rank-1 in three states."""
    names = {
        side: [Path(each["source"]).name for each in found[side]]
        for side in ("generators", "victims")
    }
    for cell in found["cells"]:
        clean, attacked = cell["clean"]["rank1"], cell["attacked"]["rank1"]
        yield {
            "generator": names["generators"][cell["generator"]],
            "victim": names["victims"][cell["victim"]],
            "data": list(STYLES.values())[cell["data"]],
            "kinship": cell["kinship"],
            "clean": round(clean, 4),
            "noise": round(min(cell["noise"]["rank1"], cell["sign_noise"]["rank1"]), 4),
            "attacked": round(attacked, 4),
            "left": round(attacked / clean, 4) if clean else None,
        }


def bar_of(rows):
    """Whether the first generator takes half of rank-1 from other architectures on its own data."""
    others = [
        row for row in rows
        if row["generator"] == next(iter(GENERATORS)) and row["kinship"] == "cross-model"
        and row["victim"].startswith("zoo_")
    ]  # fmt: skip
    fooled = [row["victim"] for row in others if row["left"] is not None and row["left"] <= FOOLED]
    return {"of": len(others), "fooled": fooled, "bar": ENOUGH, "reached": len(fooled) >= ENOUGH}


def main(argv):
    del argv
    values = flags.FLAGS
    road = Road(Path(values.output))
    commands = train_all(road, values)
    names = [name for name in commands if name not in GENERATORS]
    names += [name for name in values.defended if (road.folder / name).is_dir()]
    found, commands["measured"] = measure(road, names)
    rows = list(lines(found))
    report = {
        "benchmark": "transfer_study",
        "setting": f"{values.train_ids} people to train on, {values.test_ids} to find, 64x32; "
        "rank-1; query attacked at 16/255, all pixels; each victim by its own distance",
        "bar": bar_of(rows),
        "matrix": rows,
        "commands": commands,
        "provenance": provenance(sys.argv),
    }
    write_json(values.results, report)
    print(json.dumps({key: report[key] for key in ("bar", "matrix")}, indent=2))
    print(f"written: {values.results}")


if __name__ == "__main__":
    define_flags()
    entry.run(main)
