"""Before the first image: what is asked, of which model, and whether the output takes it."""

import math
from collections import defaultdict

from export.bulk.items import digest_of, partition_of
from export.bulk.layout import JOB, names_below, read_json, under, write_json, write_lines
from keras_reid.errors import ReIDError
from keras_reid.runs.run_config import differences
from serving.attack_inputs import attack_settings, unguided_inputs

PER_PARTITION = 256  # images, where --shards is left out: minutes of work, megabytes of memory
MOST_PARTITIONS = 10_000
BATCH = 32
LAYOUT_VERSION = 1


def check_attack(description, attack):
    """Refuses an attack that the model does not serve, or that wants guides."""
    settings = attack_settings(description, attack.name)
    if settings["guided"]:
        alone = [name for name, told in description["attacks"].items() if not told["guided"]]
        raise ReIDError(
            f"attack {attack.name} needs guides for each image and a bulk run has none: choose "
            f"{' or '.join(sorted(alone)) or 'an export with sma, odfa or misrank'}, or call "
            "ReIDClient.attack with push= and pull="
        )
    unguided_inputs(description, attack.name, 1, **attack.options(), seed=0)


def batch_size(description, wanted):
    """Images at a time: what was asked for, if the export takes as many."""
    largest = description["limits"]["batch"]
    if wanted is not None and wanted > largest:
        raise ReIDError(f"--batch_size of {wanted} is above the export's ceiling of {largest}")
    return wanted or min(BATCH, largest)


def number_of_shards(count, wanted):
    """As many partitions as asked for, or one for every 256 images."""
    return wanted or min(MOST_PARTITIONS, math.ceil(count / PER_PARTITION))


def settings_of(kind, items, description, work, shards, suffix):
    """What makes one run another: the content of `_job.json`.

    The backend and the batch are not among it, for they change no answer.
    """
    attack = None
    if work.attack:
        facts = description["attacks"][work.attack.name]
        known = ("step_size", "restarts", "metric", "fingerprint")
        attack = {
            "name": work.attack.name,
            **work.attack.options(),
            "seed": work.seed,
            "export": {name: facts[name] for name in known if name in facts},
        }
    told = ("model_fingerprint", "input_size", "embedding_size", "distance")
    return {
        "layout": LAYOUT_VERSION,
        "input": {"kind": kind, "images": len(items), "digest": digest_of(items)},
        "model": {name: description.get(name) for name in told},
        "attack": attack,
        "format": suffix,
        "shards": shards,
    }


def settle(root, settings):
    """Begins an output folder, or sees that the run there is of the same settings."""
    found = names_below(root)
    if JOB in found:
        different = differences(read_json(under(root, JOB)), settings, place="the output")
        if different:
            raise ReIDError(
                f"{root} was begun with other settings ({'; '.join(different)}); "
                "use the same, or a new folder"
            )
        return
    others = sorted(name for name in found if not name.startswith("."))
    if others:
        raise ReIDError(
            f"{root} holds {others[0]} but no {JOB}, so it is no bulk output; "
            "choose a new or empty folder"
        )
    write_json(under(root, JOB), settings)


def write_listings(output, items, indices):
    """Writes the listing of each partition in `indices`, in the order of keys."""
    parts = defaultdict(list)
    for item in items:
        parts[partition_of(item.key, output.shards)].append(item)
    for index in indices:
        write_lines(output.listing(index), sorted(parts[index], key=lambda item: item.key))


def images_of(items, shards):
    """[shards] how many images each partition has."""
    counts = [0] * shards
    for item in items:
        counts[partition_of(item.key, shards)] += 1
    return counts
