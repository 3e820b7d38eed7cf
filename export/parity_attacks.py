"""An attack's request to a signature, and what the loaded model makes of the same request."""

import numpy as np
import tensorflow as tf

from keras_reid.attacks import Guides, make_attack, round_inside
from keras_reid.data.images import to_images
from keras_reid.errors import ReIDError


def attack_request(pixels, embeddings, facts, epsilon, steps, seed):
    """Inputs of an attack signature; guided ones are pushed from and pulled to other images."""
    count = len(pixels)
    request = {"images": pixels, "epsilon": np.full(count, epsilon, np.float32)}
    if facts.get("generator"):
        return request | {"num_pixels": np.zeros(count, np.int32)}
    request |= {
        "steps": np.full(count, steps, np.int32),
        "seed": seed + np.arange(count, dtype=np.int64),
    }
    if facts["guided"]:
        # Pushed from a neighbour and pulled to its opposite: never the same place.
        for side, shift, sign in (("push", 1, 1), ("pull", 2, -1)):
            vectors = np.zeros((count, facts[f"num_{side}"], facts["guide_size"]), np.float32)
            if facts["guide_size"] == embeddings.shape[1]:
                vectors[:, 0] = sign * np.roll(embeddings, 1, axis=0)
            else:  # classes of a closed-set attack
                vectors[np.arange(count), 0, (np.arange(count) + shift) % facts["guide_size"]] = 1
            weight = np.zeros(vectors.shape[:2], np.float32)
            weight[:, 0] = 1
            request |= {side: vectors, f"{side}_weight": weight}
    return request


def attack_locally(model, name, facts, request, generator=None):
    """The same attack on the loaded model, eagerly; uint8."""
    if facts.get("generator"):
        if generator is None:
            raise ReIDError(
                f"the export serves attack_{name}; name the run that it came from with --misrank"
            )
        ceiling = np.full(len(request["images"]), facts["num_pixels"], np.int32)
        found, _ = generator(to_images(request["images"]), request["epsilon"], ceiling)
        return round_inside(found, request["images"], request["epsilon"]).numpy()
    settings = {"steps": request["steps"]}
    if facts["step_size"] == "epsilon":
        settings = {}
    else:
        settings["step_size"] = facts["step_size"]
    if facts["metric"] != "l2" and name != "odfa":
        settings["metric"] = facts["metric"]
    if facts["restarts"] > 1:
        settings["restarts"] = facts["restarts"]
    attack = make_attack(name, **settings)
    guides = None
    if facts["guided"]:
        guides = Guides(*(request[part] for part in ("push", "pull", "push_weight", "pull_weight")))
    target = model.logits if attack.guides == "classes" else model.embed
    found = attack(
        target,
        to_images(request["images"]),
        guides,
        epsilon=request["epsilon"],
        seed=tf.constant(request["seed"]),
    )
    return round_inside(found, request["images"], request["epsilon"]).numpy()
