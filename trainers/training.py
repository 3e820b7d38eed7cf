"""Any training, from configuration to result.json."""

import dataclasses
import sys
from pathlib import Path

from keras_reid.data.held_out import hold_out_identities
from keras_reid.data.readable import readable_records
from keras_reid.data.records import check_training_records, num_identities
from keras_reid.runs.determinism import seed_everything
from keras_reid.runs.provenance import provenance
from keras_reid.runs.run_config import read_json
from keras_reid.runs.workdir import Workdir
from trainers.data_choice import load_chosen
from trainers.loop import run_training
from trainers.replicas import make_strategy


def train(
    config, workdir, *, make_task, remarks=(), pinned=None, stop_after_epochs=None, stream=None
):  # fmt: skip
    """Trains until `config.epochs`, resuming from `workdir` when it holds a checkpoint.

    Args:
      config: TrainingConfig of some kind.
      workdir: folder of the run.
      make_task: (config, records, held_out, strategy, Workdir) -> task of `trainers.loop`.
      remarks: sentences to warn with first.
      pinned: {name: value} that must be the same when the run is resumed, beside the configuration.
      stop_after_epochs: end this call after so many more epochs; the same call goes on later.
      stream: where progress is printed; None: standard error.

    Returns:
      What result.json holds.
    """
    stream = stream or sys.stderr
    for remark in remarks:
        print(f"warning: {remark}", file=stream)
    seed_everything(config.seed, config.deterministic)
    dataset = load_chosen(config)
    fingerprint = dataset.fingerprint()
    settings = dataclasses.asdict(config) | {"data_fingerprint": fingerprint, **(pinned or {})}
    with Workdir.open(workdir, settings) as run:
        records = _usable(dataset.train, config.skip_bad_images, stream)
        records, held_out = hold_out_identities(records, config.held_out, config.seed)
        task = make_task(config, records, held_out, make_strategy(config.strategy), run)
        earlier, before = run.result(), run.starts()
        summary = run_training(task, run, stop_after_epochs=stop_after_epochs, stream=stream)
        starts = run.starts()
        if earlier.get("finished") and starts == before:
            return earlier  # nothing was left to train, and it names the call that did train
        return run.finish(
            summary
            | {
                "data_fingerprint": fingerprint,
                "training_images": len(records),
                "training_identities": num_identities(records),
                "held_out_identities": num_identities(held_out),
                "skipped_images": len(dataset.train) - len(records) - len(held_out),
                "parameters": int(task.model.count_params()),
                # Of the call that trained last: this one may only write what that one could not.
                "provenance": starts[-1]["provenance"] if starts else provenance(),
            }
        )


def held_out_remarks(config, source):
    """Sentences on a model that may know the people held out here.

    Args:
      config: TrainingConfig.
      source: workdir of the model that this training starts from or attacks; others say nothing.
    """
    begun = Path(source) / "config.json"
    if not (config.held_out and begun.exists()):
        return []
    there = read_json(begun)
    different = [
        f"{name} {there[name]} there and {getattr(config, name)} here"
        for name in ("seed", "held_out")
        if name in there and there[name] != getattr(config, name)
    ]
    if not different:
        return []
    return [
        f"{source} was trained with other people held out ({'; '.join(different)}): "
        "validation here may flatter"
    ]


def _usable(records, skip_bad_images, stream):
    if skip_bad_images:
        records, bad = readable_records(records)
        for record, problem in bad:
            print(f"skipping {record.path}: {problem}", file=stream)
    check_training_records(records)
    return records
