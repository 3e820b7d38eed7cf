"""Trained = exported = served: the same images through each, and how far the answers differ."""

import dataclasses
import json

import numpy as np
import tensorflow as tf

from export.session import ServedModel
from keras_reid.attacks import Guides, make_attack, round_inside
from keras_reid.data.images import to_images
from keras_reid.errors import ReIDError
from serving import contract

# Bars of the contract. Kernels of another graph or batch size round differently and a sign step may
# flip a pixel; the same SavedModel in the same kind of session has no excuse.
EMBEDDING_TOLERANCE = 1e-5
PIXEL_SHARE = 0.97
DISPLACEMENT_TOLERANCE = 0.01


@dataclasses.dataclass(frozen=True)
class Row:
    """One comparison: what was compared, the figure, its bar, and whether it holds."""

    what: str
    figure: float
    bar: str
    holds: bool


def check_export(model, path, pixels, *, epsilon=5 / 255, steps=15, seed=0):
    """Compares a loaded model with its export in a V1 session.

    Args:
      model: LoadedModel that was exported.
      path: version folder of the export.
      pixels: uint8 [N, H, W, 3], N >= 2.

    Returns:
      list of Row, also where a bar is missed: the caller decides what that means.
    """
    with ServedModel(path) as served:
        exported = served.run(contract.EMBED, {"images": pixels})["embeddings"]
        trained = np.asarray(model.embed(to_images(pixels)))
        rows = [embedding_row("embed: trained = exported", trained, exported)]
        for name, facts in description(served)["attacks"].items():
            request = attack_request(pixels, trained, facts, epsilon, steps, seed)
            answer = served.run(contract.attack_signature_name(name), request)
            adversarial = attack_locally(model, name, facts, request)
            moved = np.asarray(model.embed(to_images(adversarial))) - trained
            rows += attack_rows(
                f"attack_{name}: trained = exported", adversarial, moved, answer, PIXEL_SHARE
            )
    return rows


def check_server(client, path, pixels, *, attacks=None, epsilon=5 / 255, steps=15, seed=0):
    """Compares what a server answers with the same SavedModel in a local V1 session.

    Args:
      client: serving.client.ReIDClient of the server.
      path: version folder that the server serves.
      pixels: uint8 [N, H, W, 3], N >= 2; one request, so that both run the same batch.
      attacks: names; None: all that were exported.

    Returns:
      list of Row. Adversarial pixels have to be equal bit for bit.
    """
    with ServedModel(path) as local:
        exported = local.run(contract.EMBED, {"images": pixels})["embeddings"]
        rows = [embedding_row("embed: exported = served", exported, client.embed(pixels))]
        known = description(local)["attacks"]
        for name in known if attacks is None else attacks:
            if name not in known:
                raise ReIDError(f"{path} exports no attack {name!r}; it has {', '.join(known)}")
            request = attack_request(pixels, exported, known[name], epsilon, steps, seed)
            answer = local.run(contract.attack_signature_name(name), request)
            guided = known[name]["guided"]
            served = client.attack_details(
                pixels,
                attack=name,
                epsilon_255=epsilon * 255,
                steps=steps,
                seed=seed,
                push=request["push"][:, :1] if guided else None,
                pull=request["pull"][:, :1] if guided else None,
            )
            rows += attack_rows(
                f"attack_{name}: exported = served",
                np.asarray(served.adversarial),
                np.asarray(served.displacement)[:, None],
                answer,
                1.0,
            )
    return rows


def attack_request(pixels, embeddings, facts, epsilon, steps, seed):
    """Inputs of an attack signature; guided ones are pushed from and pulled to other images."""
    count = len(pixels)
    request = {
        "images": pixels,
        "epsilon": np.full(count, epsilon, np.float32),
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


def attack_locally(model, name, facts, request):
    """The same attack on the loaded model, eagerly; uint8."""
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


def embedding_row(what, left, right):
    """Largest difference, relative to the length of an embedding where that is above one."""
    scale = max(1.0, float(np.linalg.norm(left, axis=1).mean()))
    difference = float(np.abs(left - right).max()) / scale
    return Row(what, difference, f"<= {EMBEDDING_TOLERANCE:g}", difference <= EMBEDDING_TOLERANCE)


def attack_rows(what, adversarial, moved, answer, pixel_share):
    """Share of equal pixels, and how far apart the displacements are."""
    equal = float(np.mean(adversarial == answer["adversarial"]))
    here, there = float(np.linalg.norm(moved, axis=1).sum()), float(answer["displacement"].sum())
    apart = abs(here - there) / max(there, 1e-12)
    bar = "= 1" if pixel_share == 1.0 else f">= {pixel_share:g}"
    return [
        Row(f"{what}, equal pixels", equal, bar, equal >= pixel_share),
        Row(
            f"{what}, displacement",
            apart,
            f"<= {DISPLACEMENT_TOLERANCE:g}",
            apart <= DISPLACEMENT_TOLERANCE,
        ),
    ]


def description(served):
    """What an export's `describe` says, as a dictionary."""
    if contract.DESCRIBE not in served.signatures:
        raise ReIDError("the SavedModel has no describe signature, so it is no export of ours")
    answer = served.run(contract.DESCRIBE, {"request": [b""]})["description"]
    return json.loads(answer[0])
