"""The main servable: embed, describe, and one signature per attack."""

import os

import tensorflow as tf

from export import misrank_signature, signatures
from export.graphs import Servable, graph_function
from keras_reid import __version__
from keras_reid.attacks import make_attack
from keras_reid.errors import ReIDError
from serving import contract


def build_servable(
    model, attack_names, limits, *, step_size=1 / 255, restarts=1, metric="l2", generator=None
):
    """The main servable: embed, describe and one signature per attack.

    Args:
      model: LoadedModel (embed, logits, input_size, embedding_size, identity).
      attack_names: names of `keras_reid.attacks.ATTACKS`.
      limits: Limits.
      step_size: of the iterative attacks, in [0, 1], a constant of the export.
      restarts: of pgd.
      metric: "l2" or "cosine": the distance that the attacks move (odfa always the angle).
      generator: MisrankAttack behind `attack_misrank`, of the model's input size, or None.

    Returns:
      (Servable, {signature name: tf.function}).
    """
    module = Servable(model.embed, model.input_size, model.distance)
    sizes = {
        "height": model.input_size[0],
        "width": model.input_size[1],
        "embedding_size": model.embedding_size,
        "num_push": limits.push,
        "num_pull": limits.pull,
    }
    embed = graph_function(
        signatures.embed_graph(module.embed_images), contract.EMBED_SIGNATURE, sizes
    )
    functions = {contract.DEFAULT_SIGNATURE: embed, contract.EMBED: embed}
    attacks = {}
    for name in attack_names:
        settings = {"step_size": step_size} if name != "fgsm" else {}
        if name == "pgd":
            settings["restarts"] = restarts
        if metric != "l2" and name != "xent":
            settings["metric"] = metric
        attack = make_attack(name, **settings)
        target, width = target_of(model, module, attack)
        guided = not signatures.makes_own_guides(attack)
        functions[contract.attack_signature_name(name)] = graph_function(
            signatures.attack_graph(attack, target, module.embed_images, limits),
            contract.GUIDED if guided else contract.SELF_GUIDED,
            {**sizes, "guide_size": width},
        )
        attacks[name] = {
            "guided": guided,
            "guide_size": width,
            "step_size": attack.step_size if attack.step_size is not None else "epsilon",
            "restarts": attack.restarts,
            "metric": attack.metric,
            "num_push": limits.push if guided else 0,
            "num_pull": limits.pull if guided else 0,
        }
    if generator is not None:
        functions[contract.attack_signature_name(contract.MISRANK)] = graph_function(
            misrank_signature.misrank_graph(generator, module.embed_images, limits),
            contract.MISRANK_SIGNATURE,
            sizes,
        )
        attacks[contract.MISRANK] = misrank_signature.facts(generator, limits)
    description = describe(model, attacks, limits)
    functions[contract.DESCRIBE] = graph_function(
        signatures.describe_graph(description), contract.DESCRIBE_SIGNATURE, sizes
    )
    for function in functions.values():
        module.track(function)
    # A signature's own function must live on the module, or saving refuses it.
    module.functions = functions
    return module, functions


def target_of(model, module, attack):
    """What an attack moves and how wide its guides are: the embedding, or the logits."""
    if attack.guides != "classes":
        return module.embed_images, model.embedding_size
    if model.logits is None:
        raise ReIDError(
            f"{attack.name} attacks logits and {model.source} has none; export it without "
            f"{attack.name}, or train with --loss=classification"
        )
    probe = model.logits(tf.zeros([1, *model.input_size, 3]))
    return model.logits, int(probe.shape[-1])


def describe(model, attacks, limits):
    """What `describe` tells a client, as a dictionary."""
    backbone = (model.config or {}).get("model")
    return {
        "contract_version": contract.CONTRACT_VERSION,
        "keras_reid": __version__,
        "model": backbone or os.path.basename(model.source.rstrip("/")),
        "input_size": list(model.input_size),
        "embedding_size": model.embedding_size,
        "distance": model.distance,
        "attacks": attacks,
        "limits": {
            "epsilon": limits.epsilon,
            "steps": limits.steps,
            "batch": limits.batch,
            "encoded_bytes": limits.encoded_bytes,
            "encoded_pixels": limits.encoded_pixels,
        },
        "model_fingerprint": model.identity,
        "data_fingerprint": model.data_fingerprint or "",
    }
