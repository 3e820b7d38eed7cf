"""The SavedModel contract: every name, dtype and shape that clients in any language rely on.

Plain Python, so that the exporter, the servers and a client without TensorFlow read one source.
Shapes leave out the leading batch dimension, which is dynamic everywhere; a string in a shape is
fixed at export and published by `describe`.
"""

import dataclasses

CONTRACT_VERSION = 1
DEFAULT_SIGNATURE = "serving_default"
EMBED = "embed"
EMBED_ENCODED = "embed_encoded"
DECODE = "decode"
DESCRIBE = "describe"
ATTACK_PREFIX = "attack_"
MISRANK = "misrank"  # a trained generator's attack: one pass, no steps, no seed
ENCODED_SUFFIX = "_encoded"  # the unbatched servable beside `<name>`

IMAGE = ("height", "width", 3)


@dataclasses.dataclass(frozen=True)
class Tensor:
    """One input or output: NumPy dtype name ("str" for bytes) and shape without the batch."""

    dtype: str
    shape: tuple = ()


@dataclasses.dataclass(frozen=True)
class Signature:
    inputs: dict
    outputs: dict


EMBEDDINGS = {"embeddings": Tensor("float32", ("embedding_size",))}
GUIDES = {
    "push": Tensor("float32", ("num_push", "guide_size")),
    "push_weight": Tensor("float32", ("num_push",)),
    "pull": Tensor("float32", ("num_pull", "guide_size")),
    "pull_weight": Tensor("float32", ("num_pull",)),
}
ATTACK_INPUTS = {
    "images": Tensor("uint8", IMAGE),
    "epsilon": Tensor("float32"),
    "steps": Tensor("int32"),
    "seed": Tensor("int64"),
}
ATTACK_OUTPUTS = {
    "adversarial": Tensor("uint8", IMAGE),
    "displacement": Tensor("float32"),
    "linf": Tensor("float32"),
    "epsilon_used": Tensor("float32"),
    "steps_used": Tensor("int32"),
    "valid": Tensor("uint8"),
}

MISRANK_INPUTS = {
    "images": Tensor("uint8", IMAGE),
    "epsilon": Tensor("float32"),
    "num_pixels": Tensor("int32"),  # 0: as many as the export allows
}
MISRANK_OUTPUTS = {
    "adversarial": Tensor("uint8", IMAGE),
    "mask": Tensor("uint8", ("height", "width", 1)),
    "displacement": Tensor("float32"),
    "linf": Tensor("float32"),
    "epsilon_used": Tensor("float32"),
    "valid": Tensor("uint8"),
}

EMBED_SIGNATURE = Signature({"images": Tensor("uint8", IMAGE)}, EMBEDDINGS)
EMBED_ENCODED_SIGNATURE = Signature({"encoded": Tensor("str")}, EMBEDDINGS)
DECODE_SIGNATURE = Signature({"encoded": Tensor("str")}, {"images": Tensor("uint8", IMAGE)})
DESCRIBE_SIGNATURE = Signature({"request": Tensor("str")}, {"description": Tensor("str")})
# Attacks that make their own guides, and attacks that are told where to go.
SELF_GUIDED = Signature(ATTACK_INPUTS, ATTACK_OUTPUTS)
GUIDED = Signature({**ATTACK_INPUTS, **GUIDES}, ATTACK_OUTPUTS)

MISRANK_SIGNATURE = Signature(MISRANK_INPUTS, MISRANK_OUTPUTS)


def attack_signature_name(attack):
    """`sma` -> `attack_sma`."""
    return ATTACK_PREFIX + attack
