"""Measures which generators fool which models, each ranking by its own distance or by --metric.

    python -m trainers.evaluate_transfer --generators=runs/misrank --victims=runs/demo/train \\
        --data=runs/demo/people --workdir=runs/transfer

prints rank-1 and mAP of every victim, clean, under noise of the same epsilon and under every
generator, and says which generator was trained against which victim. With --data_b (and
--dataset_b) it measures everybody on a second data set, too. Writes <workdir>/results.json,
transfer.csv, transfer.html and images/; --save_images keeps every adversarial query. Attack only
models that you may test.
"""

import sys
from types import SimpleNamespace

from absl import flags

from keras_reid.data import LOADERS
from keras_reid.errors import ReIDError
from keras_reid.evaluation.generator import load_generator
from keras_reid.evaluation.transfer import (
    TransferPlan,
    check_outputs,
    query_saver,
    read_transfer,
    run_transfer,
    save_pictures,
    write_cells,
)
from keras_reid.evaluation.transfer.plan import PIXEL_SHARES
from keras_reid.files import write_json
from keras_reid.models import load_model
from keras_reid.models.sizes import parse_size
from keras_reid.reports import transfer_report, write_report
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from trainers.data_flags import DataFlags
from trainers.epsilons import parse_shares
from trainers.flag_groups import (
    define_num_pixels,
    define_ranking,
    measuring_from,
    pixels_from,
    workdir_from,
)
from trainers.terminal import progress_bar
from trainers.transfer_table import print_transfer


def define_flags():
    """This command's flags beside those of the data."""
    flags.DEFINE_string("workdir", None, "Folder for results, page and pictures.", required=True)
    flags.DEFINE_list("generators", [], "Workdirs of trainers.train_misrank.")
    flags.DEFINE_list("victims", [], "Models, in any form that --model of other commands takes.")
    flags.DEFINE_string("input_size", None, "Height,width for victims that take any.")
    flags.DEFINE_string("data_b", None, "A second data set: everybody is measured there, too.")
    flags.DEFINE_enum("dataset_b", None, list(LOADERS), "Its layout; unset: that of --data.")
    flags.DEFINE_float("epsilon_255", 16.0, "Radius, in 1/255.", lower_bound=0, upper_bound=255)
    define_num_pixels()
    flags.DEFINE_list(
        "pixel_shares", [f"{share:g}" for share in PIXEL_SHARES],
        "Shares of the pixels of the curve; empty for none.",
    )  # fmt: skip
    define_ranking()
    flags.DEFINE_integer("batch_size", 32, "Images per step.", lower_bound=1)
    flags.DEFINE_integer("seed", 0, "Of the noise.", lower_bound=0)
    flags.DEFINE_integer("examples", 3, "Queries of each generator to look at.", lower_bound=0)
    flags.DEFINE_string("save_images", None, "Folder for every adversarial query, as PNG.")


def plan_from(values):
    """The TransferPlan that the flags describe."""
    return TransferPlan(
        epsilon_255=values.epsilon_255,
        pixel_shares=parse_shares(values.pixel_shares),
        seed=values.seed,
        examples=values.examples,
        **measuring_from(values),
    )


def load_data(data_flags, values):
    """One or two Datasets."""
    datasets = [data_flags.load()]
    if values.data_b:
        second = dict(data_flags.holders)
        second["data"] = SimpleNamespace(value=values.data_b)
        second["dataset"] = SimpleNamespace(value=values.dataset_b or data_flags.dataset)
        datasets.append(DataFlags(second).load())
    elif values.dataset_b:
        raise ReIDError("--dataset_b is the layout of a second data set; name it with --data_b")
    return datasets


def load_everybody(values):
    """(Generators, LoadedModels); a victim that takes any size gets the first generator's."""
    for name in ("generators", "victims"):
        if not values[name].value:
            raise ReIDError(f"--{name} is empty; name at least one, separated by commas")
    wanted = pixels_from(values.num_pixels)
    generators = [load_generator(source, wanted) for source in values.generators]
    size = parse_size(values.input_size) or generators[0].input_size
    return generators, [load_model(source, default_size=size) for source in values.victims]


def evaluate(plan, workdir, generators, victims, datasets, *, save_images=None):
    """Measures, writes and prints."""
    origin = provenance(sys.argv)
    save = query_saver(datasets, save_images) if save_images else None
    told, pictures = run_transfer(
        generators, victims, datasets, plan, progress=progress_bar, save=save
    )
    told["examples"] = save_pictures(pictures, datasets, workdir / "images")
    told["provenance"] = origin
    write_json(workdir / "results.json", told)
    write_cells(workdir / "transfer.csv", told)
    print_transfer(told)
    # Last, and from what was written: whatever the page lacks, the figures are there.
    page = transfer_report(read_transfer(workdir / "results.json"))
    write_report(workdir / "transfer.html", page)
    for name in ("results.json", "transfer.csv", "transfer.html"):
        print(f"written: {workdir / name}")


def cli():
    """The console script."""
    data_flags = DataFlags.define()
    define_flags()

    def main(argv):
        del argv
        values = flags.FLAGS
        plan, workdir = plan_from(values), workdir_from(values)
        generators, victims = load_everybody(values)
        check_outputs(workdir)
        datasets = load_data(data_flags, values)
        evaluate(plan, workdir, generators, victims, datasets, save_images=values.save_images)

    entry.run(main)


if __name__ == "__main__":
    cli()
