"""Trained = exported = served: the same images through each, and how far the answers differ."""

import dataclasses
import json

import numpy as np

from export.parity_attacks import attack_locally, attack_request
from export.session import ServedModel
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


def check_export(model, path, pixels, *, epsilon=5 / 255, steps=15, seed=0, generator=None):
    """Compares a loaded model with its export in a V1 session.

    Args:
      model: LoadedModel that was exported.
      path: version folder of the export.
      pixels: uint8 [N, H, W, 3], N >= 2.
      generator: MisrankAttack that was exported with it, or None.

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
            adversarial = attack_locally(model, name, facts, request, generator)
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
            told = {"epsilon_255": epsilon * 255}
            if not known[name].get("generator"):
                told |= {"steps": steps, "seed": seed}
            if known[name]["guided"]:
                told |= {"push": request["push"][:, :1], "pull": request["pull"][:, :1]}
            served = client.attack_details(pixels, attack=name, **told)
            rows += attack_rows(
                f"attack_{name}: exported = served",
                np.asarray(served.adversarial),
                np.asarray(served.displacement)[:, None],
                answer,
                1.0,
            )
    return rows


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
