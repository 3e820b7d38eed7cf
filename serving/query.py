"""Asks a model server about one image: its embedding, whom it resembles, and how to fool that.

    python -m serving.query --server=localhost:8500 --model=reid --image=query.jpg \\
        --gallery=runs/demo/people/bounding_box_test --attack=sma --epsilon_255=5 \\
        --output=runs/query

Writes into --output: <image>_embedding.npy, and with --attack <image>_adversarial.png with what was
measured on it beside (.json) and <image>_adversarial_embedding.npy; with --gallery
<image>_nearest.json. Needs the model's second servable, `<model>_encoded`, and no TensorFlow.
"""

import functools
import sys
from pathlib import Path

import numpy as np
from absl import flags

from serving import entry
from serving.client import ReIDClient
from serving.credential_flags import credentials_of, define_credential_flags
from serving.errors import BadRequest
from serving.files import read_png, write_json, write_npy, write_png
from serving.gallery import description_of, open_gallery
from serving.gallery_index import EXACT, KINDS, metric_of, open_index


def define_flags(into=flags.FLAGS):
    """This command's flags."""
    text, whole, real, names = (
        functools.partial(define, flag_values=into)
        for define in (
            flags.DEFINE_string,
            flags.DEFINE_integer,
            flags.DEFINE_float,
            flags.DEFINE_list,
        )
    )
    text("server", "localhost:8500", "host:port (gRPC) or http://host:port (REST).")
    text("model", "reid", "Name of the model on the server.")
    text("label", None, "Label of its version: stable, canary; default: the highest.")
    real("timeout", 60.0, "Seconds that one request may take.")
    text("image", None, "JPEG or PNG file to ask about.")
    text("gallery", None, "Folder of images or of a bulk run, or .npz (paths, embeddings).")
    flags.DEFINE_enum(
        "index", EXACT, KINDS, "How the gallery is searched; faiss_hnsw may miss some.",
        flag_values=into,
    )  # fmt: skip
    whole("top", 10, "Gallery images to show.", lower_bound=1)
    text("attack", None, "Attack to run, as exported: sma, fna, ...")
    real("epsilon_255", 5.0, "Largest change of a pixel, in steps of 1/255.")
    whole("steps", 15, "Steps of an iterative attack.")
    whole("seed", 0, "Seed of the attack's random start.")
    whole("num_pixels", 0, "Pixels that attack misrank may change; 0: all it is allowed.")
    names("push", None, "Images to move away from, for an attack that takes guides.")
    names("pull", None, "Images to move towards, likewise.")
    text("output", "runs/query", "Folder for the results.")
    define_credential_flags(into)


def main():
    ask(flags.FLAGS)


def ask(values):
    """Does what the flags say and prints what came of it."""
    if not values.image:
        raise BadRequest("--image is missing: the JPEG or PNG file to ask about")
    if not values.attack and (values.push or values.pull):
        raise BadRequest("--push and --pull guide an attack: name it with --attack")
    output = Path(values.output) / Path(values.image).stem
    with ReIDClient(
        values.server,
        values.model,
        timeout=values.timeout,
        credentials=credentials_of(values),
        label=values.label,
    ) as client:
        clean = client.decode(values.image)
        embeddings = {"clean": client.embed(clean)[0]}
        write_npy(f"{output}_embedding.npy", embeddings["clean"])
        print(f"embedding    {output}_embedding.npy ({embeddings['clean'].size} numbers)")
        if values.attack:
            adversarial = attacked(client, values, clean, f"{output}_adversarial")
            embeddings["adversarial"] = client.embed(adversarial)[0]
            write_npy(f"{output}_adversarial_embedding.npy", embeddings["adversarial"])
        if values.gallery:
            gallery = open_gallery(values.gallery, client, values.model, say)
            metric = metric_of(description_of(client), say)
            index = open_index(values.index, gallery, metric, say)
            nearest = ranked(gallery, index, embeddings, values.top)
            write_json(f"{output}_nearest.json", nearest)
            print_nearest(nearest)


def attacked(client, values, clean, output):
    """Attacks, writes PNG and JSON, and returns the pixels as the file has them."""
    result = client.attack_details(
        clean,
        values.attack,
        epsilon_255=values.epsilon_255,
        steps=values.steps,
        seed=values.seed,
        push=values.push,
        pull=values.pull,
        num_pixels=values.num_pixels,
    )
    if not result.valid[0]:
        raise BadRequest(f"attack {values.attack} failed on {values.image}; nothing was written")
    write_png(f"{output}.png", result.adversarial[0])
    adversarial = read_png(f"{output}.png")[np.newaxis]
    # Measured on the file, the only thing that will be passed on.
    change = np.abs(adversarial.astype(int) - clean)
    report = {
        "image": str(values.image),
        "attack": values.attack,
        "epsilon_255": values.epsilon_255,
        "epsilon_255_used": round(255 * float(result.epsilon_used[0]), 4),
        "steps_used": None if result.steps_used is None else int(result.steps_used[0]),
        "seed": values.seed,
        "push": values.push or [],
        "pull": values.pull or [],
        "linf_255": int(change.max()),
        "changed_pixels": float(change.any(axis=-1).mean()),
        "displacement": float(result.displacement[0]),
        "server": values.server,
        "model": client.describe(),
    }
    write_json(f"{output}.json", report)
    print(
        f"adversarial  {output}.png ({values.attack}, largest change {report['linf_255']}/255 of "
        f"{report['epsilon_255_used']:g}/255 allowed, displacement {report['displacement']:.4g})"
    )
    return adversarial


def ranked(gallery, index, embeddings, top):
    """{"clean" or "adversarial": [{"path", "distance"}]}, nearest first."""
    return {
        which: [
            {"path": path, "distance": distance}
            for path, distance in gallery.named(*index.nearest(embedding, top))
        ]
        for which, embedding in embeddings.items()
    }


def print_nearest(nearest):
    """One row per rank, clean beside adversarial."""
    widths = [max(len(row["path"]) for row in rows) for rows in nearest.values()]
    titles = [
        f"{'distance':>9}  {which:<{width}}" for which, width in zip(nearest, widths, strict=True)
    ]
    print("\nrank  " + "  ".join(titles).rstrip())
    for rank, rows in enumerate(zip(*nearest.values(), strict=True), start=1):
        cells = [
            f"{row['distance']:>9.4f}  {row['path']:<{width}}"
            for row, width in zip(rows, widths, strict=True)
        ]
        print(f"{rank:>4}  " + "  ".join(cells).rstrip())


def say(message):
    print(message, file=sys.stderr)


def cli():
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
