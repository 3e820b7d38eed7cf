"""Every difference between Keras 2.15 and Keras 3 that this code meets; nothing else asks for one.

The rest of the code keeps to what the two share (docs/decisions/0006-two-stacks.md has the list).
"""

import contextlib

import keras
import tensorflow as tf

# Where a .weights.h5 of ReIDModel keeps its `network`, by the first number of Keras' version.
NETWORK_GROUPS = {"2": "network", "3": "layers/functional"}

KERAS_3 = not keras.__version__.startswith("2.")
STACK = f"TensorFlow {tf.__version__} with Keras {keras.__version__}"

# Optimizers written for Keras 2.10 and before, those of TensorFlow Addons among them, are of a kind
# of their own on Keras 2.15 and unknown on Keras 3.
LEGACY_OPTIMIZERS = () if KERAS_3 else (keras.optimizers.legacy.Optimizer,)
OPTIMIZERS = (keras.optimizers.Optimizer, *LEGACY_OPTIMIZERS)


def global_policy():
    """The dtype policy that new layers get."""
    if KERAS_3:
        return keras.mixed_precision.dtype_policy()
    return keras.mixed_precision.global_policy()


def raw_variable(variable):
    """The tf.Variable behind a Keras variable, which only in Keras 3 is a thing of its own."""
    return variable.value if KERAS_3 else variable


def variable_name(variable):
    """The name within its layer, such as "kernel"."""
    return variable.name.split("/")[-1].split(":")[0]


def build_optimizer(optimizer, variables):
    """Makes every slot now, so that a checkpoint restores all of them at once.

    A legacy optimizer makes them at its first step; TensorFlow then fills them from the checkpoint
    that was restored before.
    """
    if isinstance(optimizer, LEGACY_OPTIMIZERS):
        return
    optimizer.build(list(variables))


def scaled_loss(optimizer, loss):
    """What to differentiate: the loss, times the loss scale where there is one."""
    if KERAS_3:
        return optimizer.scale_loss(loss)
    if isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer):
        return optimizer.get_scaled_loss(loss)
    return loss


def unscaled(optimizer, gradients):
    """What `optimizer.apply_gradients` takes; Keras 3 divides by the loss scale in there."""
    if KERAS_3 or not isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer):
        return gradients
    return optimizer.get_unscaled_gradients(gradients)


@contextlib.contextmanager
def computing_in_float32(model):
    """Inside, every layer of `model` computes in float32, also those of a mixed-precision policy.

    For calls traced or run inside; the variables, float32 under either policy, are shared.
    """
    layers = [layer for layer in _all_layers(model) if layer.compute_dtype != "float32"]
    before = [layer.dtype_policy for layer in layers]
    for layer in layers:
        _set_dtype_policy(layer, keras.mixed_precision.Policy("float32"))
    try:
        yield
    finally:
        for layer, policy in zip(layers, before, strict=True):
            _set_dtype_policy(layer, policy)


def _all_layers(layer):
    yield layer
    for inner in getattr(layer, "layers", ()):
        yield from _all_layers(inner)


def _set_dtype_policy(layer, policy):
    if KERAS_3:
        layer.dtype_policy = policy
    else:
        layer._set_dtype_policy(policy)
