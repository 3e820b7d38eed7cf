"""What each part of the mis-ranking generator is worth, on synthetic people.

    python -m benchmarks.misrank_study --output=runs/study

Draws people and trains a victim for each seed (those of benchmarks.study are used again), then a
generator for each variant, and shows each to its victim on the test split once, after training:
nothing is chosen by it. "whole" is the small preset as it is; every other variant is trained for
--epochs, so that they compare with "both", which is the preset for as long. Every step is a
command, printed before it runs; what a stopped call left behind is used again. Writes
benchmarks/misrank_study.json after every seed.
"""

import json
import statistics
import sys
from pathlib import Path

from absl import flags

from benchmarks.misrank_verdicts import claims, numbers
from keras_reid.files import write_json
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from trainers.road import Road

RESULTS = Path(__file__).with_name("misrank_study.json")
WHOLE = "whole"
# Of every seed: the ablations of issue and paper.
VARIANTS = {
    WHOLE: (),
    "both": (),
    "misclassification": ("--rank_weight=0",),
    # As loud as both together: the weights are the preset's, 0.3 and 3.
    "misclassification_louder": ("--rank_weight=0", "--xent_weight=3.3"),
    "ranking": ("--xent_weight=0",),
    "patch": ("--discriminator=patch",),
    "least_squares": ("--gan=least_squares",),
    "anchor_included": ("--include_self",),
    "published_rank": ("--other=adversarial",),
    "published_rank_anchor_included": ("--other=adversarial", "--include_self"),
}
# Of the first seed alone: how the attack's strength trades with what can be seen.
TRADE_OFF = {
    f"perception_{weight}": (f"--perception_weight={weight}",)
    for weight in (0, 0.3, 3, 10, 30, 100)
}


def define_flags():
    """This command's flags."""
    flags.DEFINE_string("output", None, "Folder for data and runs.", required=True)
    flags.DEFINE_list("seeds", "0,1,2", "Of victims and generators; one round each.")
    known = [*VARIANTS, *TRADE_OFF]
    flags.DEFINE_multi_enum("variant", known, known, "What to train; repeat it for several.")
    flags.DEFINE_integer("train_ids", 100, "People to train on.", lower_bound=20)
    flags.DEFINE_integer("test_ids", 50, "Other people, to be found.", lower_bound=2)
    flags.DEFINE_integer("victim_epochs", 30, "Of the victim.", lower_bound=1)
    flags.DEFINE_integer("epochs", 6, "Of each variant but 'whole'.", lower_bound=1)
    flags.DEFINE_string("results", str(RESULTS), "JSON file to write.")


def prepare(road, seed, values):
    """(the people's folder, the victim's workdir)."""
    data, victim = road.folder / "people", road.folder / f"clean_{seed}"
    if not data.exists():
        road.step(
            "Draw people", "trainers.make_people", f"--output={data}",
            f"--train_ids={values.train_ids}", f"--test_ids={values.test_ids}",
        )  # fmt: skip
    road.step(
        "Train the victim", "trainers.train_embedder", "--preset=small", f"--data={data}",
        f"--seed={seed}", f"--epochs={values.victim_epochs}", f"--workdir={victim}",
    )  # fmt: skip
    return data, victim


def round_of(road, seed, variants, values):
    """({variant: figures}, {variant: command}) of one seed; the last command measures all."""
    data, victim = prepare(road, seed, values)
    runs, commands = {}, {}
    for name, flags_of_it in variants.items():
        runs[name] = road.folder / f"misrank_{name}_{seed}"
        length = () if name == WHOLE else (f"--epochs={values.epochs}",)
        commands[name] = road.step(
            f"Train a generator: {name}", "trainers.train_misrank", "--preset=small",
            f"--data={data}", f"--victim={victim}", f"--seed={seed}", *length, *flags_of_it,
            f"--workdir={runs[name]}",
        )  # fmt: skip
    shown = road.folder / f"misrank_shown_{seed}"
    commands["measured"] = road.step(
        "Show them to the victim", "trainers.evaluate_transfer", f"--victims={victim}",
        f"--generators={','.join(map(str, runs.values()))}", f"--data={data}",
        "--pixel_shares=0.1,0.25,0.5,1", "--examples=1", f"--workdir={shown}",
    )  # fmt: skip
    found = json.loads((shown / "results.json").read_text(encoding="utf-8"))
    return dict(zip(runs, figures(found, runs.values()), strict=True)), commands


def figures(found, workdirs):
    """{figure: value} of each generator of a transfer evaluation of one victim."""
    for index, workdir in enumerate(workdirs):
        cell, quality = found["cells"][index], found["quality"][index]
        curve = next(each["points"] for each in found["curves"] if each["generator"] == index)
        half = next(point for point in curve if point["share"] == 0.5)
        result = json.loads((workdir / "result.json").read_text(encoding="utf-8"))
        values = {
            "clean": cell["clean"]["rank1"],
            "noise": min(cell["noise"]["rank1"], cell["sign_noise"]["rank1"]),
            "attacked": cell["attacked"]["rank1"],
            "half of the pixels": half["rank1"],
            "attacked mAP": cell["attacked"]["mean_ap"],
            "MS-SSIM": quality["ms_ssim"],
            "held-out mAP fall": result["validation"]["map_fall"],
            "seconds": result["seconds"],
        }
        yield {name: round(value, 4) for name, value in values.items()}


def means(rounds):
    """{variant: {figure: mean over the rounds that have the variant}}."""
    names = dict.fromkeys(name for each in rounds for name in each)
    rows = {name: [each[name] for each in rounds if name in each] for name in names}
    return {
        name: {key: round(statistics.mean(row[key] for row in found), 4) for key in found[0]}
        for name, found in rows.items()
    }


def main(argv):
    del argv
    values = flags.FLAGS
    road = Road(Path(values.output))
    rounds, told = [], {}
    for place, seed in enumerate(values.seeds):
        known = VARIANTS | (TRADE_OFF if place == 0 else {})
        chosen = {name: known[name] for name in values.variant if name in known}
        found, commands = round_of(road, int(seed), chosen, values)
        rounds.append(found)
        told = told or commands
        report = {
            "benchmark": "misrank_study",
            "setting": f"{values.train_ids} people to train on, {values.test_ids} to find, small "
            "backbone at 64x32; rank-1 of the victim unless said; query attacked at 16/255, all "
            f"pixels unless said; {values.epochs} epochs but for '{WHOLE}', the preset as it is",
            "seeds": [int(each) for each in values.seeds[: len(rounds)]],
            "means": means(rounds),
            "numbers": numbers(means(rounds)),
            "claims": claims(rounds),
            "of_each_seed": rounds,
            "commands_of_the_first_seed": told,
            "provenance": provenance(sys.argv),
        }
        write_json(values.results, report)
        print(json.dumps({key: report[key] for key in ("means", "claims")}, indent=2), flush=True)
    print(f"written: {values.results}")


if __name__ == "__main__":
    define_flags()
    entry.run(main)
