"""Is the synthetic data set a fair stand-in? What can be found on it without learning anything.

    python -m benchmarks.synthetic_fairness
    python -m benchmarks.synthetic_fairness --data=runs/demo/people

Prints JSON: mean average precision and rank-1 of raw pixels (L2), of the crops' borders alone (do
backgrounds give people away?), of untrained networks and of a random ranking, by the standard
protocol. Bar: each below 35 % mAP. What a trained network reaches (bar: 60 to 97 %) is for
`python -m trainers.evaluate` to say, in the demo.
"""

import json
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from keras_reid.data.market1501 import load_market1501
from keras_reid.data.records import camids_of, num_identities, pids_of
from keras_reid.data.synthetic import SETTINGS_FILE, generate_people
from keras_reid.errors import ReIDError
from keras_reid.evaluation.embed import embed_records
from keras_reid.models import build_reid_model
from keras_reid.retrieval import evaluate_ranking, pairwise_distance
from keras_reid.runs import entry

SMALL, FULL = (64, 32), (128, 64)
CEILING = 0.35


def define_flags():
    flags.DEFINE_string("data", None, "A generated folder; a default set is drawn if not given.")
    flags.DEFINE_string("style", "street", "Of the set that is drawn.")
    flags.DEFINE_integer("seed", 0, "Of the set that is drawn.", lower_bound=0)
    flags.DEFINE_integer("networks", 3, "Untrained networks to try.", lower_bound=1)


def main(argv):
    del argv
    values = flags.FLAGS
    if values.data:
        print(json.dumps(measure(Path(values.data), values.networks), indent=2))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "people"
        generate_people(root, seed=values.seed, style=values.style)
        print(json.dumps(measure(root, values.networks), indent=2))


def measure(root, networks):
    """What is found on the data set of a folder by means that learned nothing."""
    if not (root / SETTINGS_FILE).exists():
        raise ReIDError(f"{root} holds no synthetic people: there is no {SETTINGS_FILE}")
    dataset = load_market1501(root)
    sides = dataset.query, dataset.gallery
    shape = [len(side) for side in sides]
    figures = {"chance": score(np.random.default_rng(0).random(shape, np.float32), *sides)}
    for size in (SMALL, FULL):
        figures[f"raw pixels {size[0]}x{size[1]}"] = found(raw, size, *sides)
    figures["borders, no person"] = found(border, FULL, *sides)
    for seed in range(networks):
        keras.utils.set_random_seed(seed)
        network = build_reid_model("small", SMALL, head="strong")
        for metric in ("euclidean", "cosine"):
            name = f"untrained network {seed}, {metric}"
            figures[name] = found(network.embed, SMALL, *sides, metric=metric)
    return {
        "data": json.loads((root / SETTINGS_FILE).read_text(encoding="utf-8")),
        "queries": shape[0],
        "gallery": shape[1],
        "test_identities": num_identities(dataset.query),
        "figures": figures,
        "ceiling": CEILING,
        "fair": all(figure["mean_ap"] < CEILING for figure in figures.values()),
    }


def raw(images):
    """Pixels as an embedding."""
    return tf.reshape(images, [tf.shape(images)[0], -1])


def border(images):
    """The outer sixth on either side: mostly background."""
    width = images.shape[2] // 6
    return raw(tf.concat([images[:, :, :width], images[:, :, -width:]], axis=2))


def found(embed, size, query, gallery, metric="euclidean"):
    """Figures of a ranking by distance between embeddings."""
    sides = [embed_records(embed, side, size) for side in (query, gallery)]
    return score(pairwise_distance(*sides, metric=metric), query, gallery)


def score(distance, query, gallery):
    """Figures of a ranking by these distances."""
    result = evaluate_ranking(
        distance, pids_of(query), camids_of(query), pids_of(gallery), camids_of(gallery)
    )
    return {"mean_ap": round(float(result.mean_ap), 4), "rank1": round(float(result.cmc[0]), 4)}


if __name__ == "__main__":
    define_flags()
    entry.run(main)
