"""Writes one stack's models, and what they answer there.

    python -m tests.border.make_files FOLDER

fills FOLDER/keras2 or FOLDER/keras3, whichever this process runs.
"""

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from export.limits import Limits
from export.parity import description
from export.parity_attacks import attack_request
from export.savedmodel import export_model
from export.session import ServedModel
from keras_reid import compat
from keras_reid.attacks import ATTACKS
from keras_reid.data.images import to_images
from keras_reid.models import build_reid_model, fingerprint, load_model
from serving import contract
from tests.trainers.crowd import tiny, write_crowd
from trainers.embedder import resolve, train

STACK = "keras3" if compat.KERAS_3 else "keras2"
SIZE = (32, 16)
LIMITS = Limits(epsilon=8 / 255, steps=10, batch=16, encoded_bytes=20_000, push=3, pull=2)
# What may go wrong is layers in another order: each model where that could happen.
MODELS = {
    "small": dict(name="small", num_ids=5, head="strong", stripes=2),
    "mobilenetv2": dict(name="mobilenetv2", num_ids=5, head="triplet", alpha=0.35),
    "densenet121": dict(name="densenet121"),
}


def build(key):
    """The untrained model of that key."""
    return build_reid_model(input_size=(64, 32), **MODELS[key])


def shuffled(model):
    """No two weights alike, and none as it was made: a mix-up of layers has to show."""
    generator = np.random.default_rng(0)
    for variable in model.variables:
        scale = 1.0 if "variance" in variable.name else 0.05
        values = np.abs(generator.normal(scale, 0.05, variable.shape))
        variable.assign(values.astype(np.float32))
    return model


def images(size, count=3):
    return np.random.default_rng(1).integers(0, 256, (count, *size, 3), dtype=np.uint8)


def write_models(folder):
    """NAME.weights.h5, NAME.keras and NAME.npz with the embeddings."""
    for key in MODELS:
        model = shuffled(build(key))
        model.save_weights(str(folder / f"{key}.weights.h5"))
        model.save(str(folder / f"{key}.keras"))
        np.savez(
            folder / f"{key}.npz",
            embeddings=model.embed(to_images(images((64, 32)))).numpy(),
            fingerprint=fingerprint(model.get_weights()),
        )


def write_run(folder):
    """A workdir with checkpoints, its export, and the answers of every signature."""
    data = write_crowd(folder / "crowd")
    train(resolve(**tiny(data)), folder / "run", stream=io.StringIO())
    model = load_model(folder / "run")
    export_model(model, folder / "models", "reid", list(ATTACKS), LIMITS, version=1)
    pixels = images(SIZE, 6)
    answers = {}
    with ServedModel(folder / "models" / "reid" / "1") as served:
        embeddings = served.run(contract.EMBED, {"images": pixels})["embeddings"]
        answers["embeddings"] = embeddings
        for name, facts in description(served)["attacks"].items():
            request = attack_request(pixels, embeddings, facts, 5 / 255, 8, seed=3)
            answer = served.run(contract.attack_signature_name(name), request)
            answers |= {f"{name}/request/{key}": value for key, value in request.items()}
            answers |= {f"{name}/answer/{key}": value for key, value in answer.items()}
    encoded = np.array([encode(image) for image in pixels])
    with ServedModel(folder / "models" / "reid_encoded" / "1") as served:
        answers |= {"encoded": encoded, **served.run(contract.DECODE, {"encoded": encoded})}
        answers["from_bytes"] = served.run(contract.EMBED_ENCODED, {"encoded": encoded})[
            "embeddings"
        ]
    np.savez(folder / "answers.npz", **answers)


def encode(pixels):
    """JPEG bytes, twice as large as the model's images, so that the graph has to resize."""
    file = io.BytesIO()
    Image.fromarray(pixels).resize((2 * SIZE[1], 2 * SIZE[0])).save(file, "JPEG")
    return file.getvalue()


if __name__ == "__main__":
    target = Path(sys.argv[1]) / STACK
    target.mkdir(parents=True)
    write_models(target)
    write_run(target)
    print(f"{target}: {compat.STACK}")
