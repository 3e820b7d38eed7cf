"""Published OSNet weights (torchreid) into our OSNet: every name mapped, every layout turned."""

import numpy as np

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.models.osnet import WIDTHS
from keras_reid.models.torch_weights import read_torch_weights
from keras_reid.models.whole import OSNET_EMBEDDING_SIZE

BACKBONE, HEAD = "osnet", "osnet"
CLASSIFIER = "classifier"  # depends on who was in the training set
COUNTER = ".num_batches_tracked"  # PyTorch's alone: nothing is computed with it
# Layers of the head that have a name of the house.
HEAD_LAYERS = {"reduction": "fc.0", "embedding_bn": "fc.1", "logits": CLASSIFIER}
KINDS = {
    "kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias",
    "moving_mean": "running_mean", "moving_variance": "running_var",
}  # fmt: skip
STEM = "conv1.conv.weight"
DEPTHWISE = ".conv2.weight"  # no other convolution of an OSNet is called conv2


def load_torch_osnet(model, path):
    """Sets `model`'s weights from a torchreid checkpoint.

    Every weight of the model is set and every tensor of the file used, but for the classifier
    where the identities differ, which stays as it is, and PyTorch's batch counters.

    Args:
      model: ReIDModel of backbone "osnet" with head "osnet".
      path: file that torch.save wrote.

    Raises:
      ReIDError: the file is damaged or not only tensors, or of another architecture.
    """
    if (model.backbone_name, model.head, model.stripes) != (BACKBONE, HEAD, 1):
        raise ReIDError(
            f"{path} is a PyTorch file, and those fill an OSNet alone: build the model with "
            f"backbone {BACKBONE!r}, head {HEAD!r} and stripes 1"
        )
    tensors = read_torch_weights(path)
    variables = {_torch_name(name): each for name, each in compat.named_variables(model).items()}
    skipped = _classifier_to_leave(tensors, variables)
    values = {}
    for name, variable in variables.items():
        if name in skipped:
            continue
        if name not in tensors:
            raise ReIDError(f"{path} has no tensor {name}: it is of another architecture")
        values[name] = _turned(name, tensors[name])
        if values[name].shape != tuple(variable.shape):
            raise ReIDError(
                f"{path} holds {name} with shape {_as_text(values[name].shape)} where this model "
                f"has {_as_text(variable.shape)}; give the alpha and embedding size it was trained "
                "with"
            )
    left = [
        name for name in tensors if name not in {*values, *skipped} and not name.endswith(COUNTER)
    ]
    if left:
        raise ReIDError(
            f"{path} holds {left[0][:80]}, which no OSNet of this kind has: it is of another "
            "architecture"
        )
    for name, value in values.items():
        variables[name].assign(value)


def osnet_settings(path):
    """{"alpha", "num_ids", "embedding_size"} of a published OSNet, from its shapes.

    Sizes that are the default are None, as whoever builds such a model leaves them out.

    Raises:
      ReIDError: the file is damaged, or no OSNet.
    """
    tensors = read_torch_weights(path)
    stem = tensors.get(STEM, np.empty(0)).shape
    alpha = (stem or (0,))[0] / WIDTHS[0]
    reduction = tensors.get(f"{HEAD_LAYERS['reduction']}.weight", np.empty(0)).shape
    # Before anything is built, for a small file could ask for a model that fills the memory.
    if stem[1:] != (3, 7, 7) or reduction[1:] != (int(WIDTHS[-1] * alpha),):
        raise ReIDError(
            f"{path} holds no OSNet, the one PyTorch model known here: its {STEM} and "
            f"{HEAD_LAYERS['reduction']}.weight would say how wide it is"
        )
    scores = tensors.get(f"{CLASSIFIER}.weight", np.empty(0)).shape
    return {
        "alpha": alpha,
        "num_ids": scores[0] if scores[1:] == reduction[:1] else None,
        "embedding_size": None if reduction[0] == OSNET_EMBEDDING_SIZE else reduction[0],
    }


def _torch_name(name):
    """ "network:osnet:conv2_0_gate_fc1:kernel" -> "conv2.0.gate.fc1.weight"."""
    *_, layer, kind = name.split(":")
    return f"{HEAD_LAYERS.get(layer) or layer.replace('_', '.')}.{KINDS[kind]}"


def _classifier_to_leave(tensors, variables):
    """The classifier's names, on either side, unless both have one of the same size."""
    name = f"{CLASSIFIER}.bias"
    if name in tensors and name in variables:
        if tensors[name].shape == tuple(variables[name].shape):
            return ()
    return tuple(f"{CLASSIFIER}.{kind}" for kind in ("weight", "bias"))


def _turned(name, value):
    """From PyTorch's layout: out, in, height, width -> height, width, in, out."""
    if value.ndim == 4:
        return value.transpose((2, 3, 0, 1) if name.endswith(DEPTHWISE) else (2, 3, 1, 0))
    return np.asarray(value.T if value.ndim == 2 else value)


def _as_text(shape):
    return "x".join(str(side) for side in shape)
