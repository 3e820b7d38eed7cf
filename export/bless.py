"""Blesses a validated export that is good enough, clean and under attack, or says why not.

    python -m export.bless --servable=runs/demo/models/reid/1 --data=runs/demo/people \\
        --model=runs/demo/train --min_map=0.5 --min_robust_map=0.01
    python -m export.bless --servable=runs/demo/models/reid/2 --data=runs/demo/people \\
        --model=runs/demo/train --live=runs/demo/serving/reid --max_drop=0.02

measures mAP, clean and under --attacks, and compares with the bars and with the live version. It
measures on the people that the training of --model held out, not on the test split, which is for
reports; --split=test takes that. --results reads figures that trainers.attack or
trainers.evaluate_robustness computed instead. Writes MODEL_BLESSED or MODEL_NOT_BLESSED; exit code
2 where a bar is missed. See docs/publishing.md.
"""

import sys
from pathlib import Path

from absl import flags

from export.base_flags import counting
from export.publishing.bars import Bars, table
from export.publishing.blessing import bless, known_figures, live_export, validated
from export.publishing.figures import ATTACKS, EPSILON_255, Setup, measure, read_figures
from export.publishing.layout import find_export
from keras_reid.data import LOADERS, load_dataset
from keras_reid.data.held_out import held_out_dataset
from keras_reid.errors import ReIDError
from keras_reid.models.sources import read_config
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance


def define_flags():
    """This command's flags."""
    flags.DEFINE_string("servable", None, "Version folder of the export.", required=True)
    flags.DEFINE_string("live", None, "<serving base>/<name>: its live version is compared with.")
    flags.DEFINE_float("min_map", None, "Least mAP, a share.")
    flags.DEFINE_float("min_robust_map", None, "Least mAP under each attack, a share.")
    flags.DEFINE_float("max_drop", 0.01, "Most that a mAP may lie below --live's, a share.")
    flags.DEFINE_float("max_latency_ms", None, "Most for one image, as export.validate measured.")
    flags.DEFINE_enum("dataset", "market1501", list(LOADERS), "Layout of the data.")
    flags.DEFINE_string("data", None, "Folder of the data set, to measure on.")
    flags.DEFINE_enum("split", "held_out", ["held_out", "test"], "Which of its people.")
    flags.DEFINE_string("model", None, "Workdir of the training, which knows whom it held out.")
    flags.DEFINE_string("results", None, "Figures that are known already, instead of --data.")
    flags.DEFINE_list("attacks", list(ATTACKS), "Attacks to withstand.")
    flags.DEFINE_float("epsilon_255", EPSILON_255, "Radius in 1/255.", 0, 255)
    flags.DEFINE_integer("steps", 15, "Steps of the iterative attacks.", lower_bound=1)
    flags.DEFINE_integer("seed", 0, "Of random starts.", lower_bound=0)
    flags.DEFINE_integer("batch_size", 32, "Images per step.", lower_bound=1)


def bars_from(values):
    """The Bars that the flags say; --max_drop counts beside --live only."""
    return Bars(
        min_map=values.min_map,
        min_robust_map=values.min_robust_map,
        max_drop=values.max_drop if values.live else None,
        max_latency_ms=values.max_latency_ms,
    )


def dataset_from(values):
    """The Dataset to measure on."""
    dataset = load_dataset(values.dataset, values.data)
    if values.split == "test":
        return dataset
    if not values.model or not (Path(values.model) / "config.json").exists():
        raise ReIDError(
            "--model must name the workdir of the training, which knows whom it held out; or "
            "measure with --split=test"
        )
    config = read_config(Path(values.model) / "config.json")
    if config.get("data_fingerprint") != dataset.fingerprint():
        raise ReIDError(
            f"{values.data} is not what {values.model} was trained on, so nobody of it was held "
            "out; name that data, or measure with --split=test"
        )
    return held_out_dataset(dataset, config.get("held_out", 0), config.get("seed", 0))


def figures_from(values, export, live):
    """(candidate, live or None, what was measured on) as the flags ask."""
    attacks = tuple(name for name in values.attacks if name)
    if values.results:
        if values.data:
            raise ReIDError("--results and --data are two ways to the same figures; give one")
        candidate = read_figures(values.results, export.main, attacks, values.epsilon_255)
        there = known_figures(live, candidate.setup) if live else None
        if live and there is None:
            raise ReIDError(
                f"{live.main} was not blessed on the same data and attacks as {values.results}; "
                "measure both with --data"
            )
        return candidate, there, {"results": str(values.results)}
    if not values.data:
        raise ReIDError("name what to measure on with --data, or figures with --results")
    dataset = dataset_from(values)
    setup = Setup(
        data=dataset.fingerprint(),
        attacks=attacks,
        epsilon_255=values.epsilon_255,
        steps=values.steps,
        seed=values.seed,
    )
    there = None
    if live:
        there = known_figures(live, setup)
        if there is None:
            print(f"measuring the live version {live.main} ...", flush=True)
            there = measure(live.main, dataset, setup, values.batch_size, counting)
    print(f"measuring {export.main} ...", flush=True)
    candidate = measure(export.main, dataset, setup, values.batch_size, counting)
    facts = {"name": dataset.name, "split": values.split, "query": len(dataset.query)}
    return candidate, there, facts | {"gallery": len(dataset.gallery)}


def main(argv):
    del argv
    values = flags.FLAGS
    bars, export = bars_from(values), find_export(values.servable)
    validated(export)
    live = live_export(values.live) if values.live else None
    candidate, there, data = figures_from(values, export, live)
    judged, reason = bless(
        export,
        candidate,
        (live, there) if live else None,
        bars,
        origin=provenance(sys.argv),
        data=data,
    )
    print("\n".join(table(judged)))
    if reason:
        raise ReIDError(f"{export.main} is MODEL_NOT_BLESSED: {reason}")
    print(f"MODEL_BLESSED: {export.main}")


def cli():
    """The console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
