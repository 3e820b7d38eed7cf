"""Every difference between Keras 2.15 and Keras 3 that this code meets; nothing else asks for one.

What the two share and what they do not is told in docs/decisions/0006-two-stacks.md.
"""

import contextlib

import keras
import tensorflow as tf

KERAS_3 = not keras.__version__.startswith("2.")
STACK = f"TensorFlow {tf.__version__} with Keras {keras.__version__}"

# Optimizers written for Keras 2.10 and before, those of TensorFlow Addons among them, are of a kind
# of their own on Keras 2.15 and unknown on Keras 3.
LEGACY_OPTIMIZERS = () if KERAS_3 else (keras.optimizers.legacy.Optimizer,)
OPTIMIZERS = (keras.optimizers.Optimizer, *LEGACY_OPTIMIZERS)

# The group of a .weights.h5 in which a model that owns a functional `network` keeps it.
NETWORK_GROUPS = ("network", "layers/functional")
NETWORK_GROUP = NETWORK_GROUPS[KERAS_3]


def same_major(version):
    """Whether a version of Keras, such as "2.15.0", writes files as this one does."""
    return version.split(".")[0] == keras.__version__.split(".")[0]


def global_policy():
    """The dtype policy that new layers get."""
    if KERAS_3:
        return keras.mixed_precision.dtype_policy()
    return keras.mixed_precision.global_policy()


def raw_variable(variable):
    """The tf.Variable behind a Keras variable, which only in Keras 3 is a thing of its own."""
    return variable.value if KERAS_3 else variable


def named_variables(model):
    """{"network:stem:kernel": tf.Variable}: names that are the same on both, unlike Keras' own.

    Layers without a name of their own are numbered by Keras, differently in each process: give
    them one. Keras 2.15 has slashes in the names of some applications' layers, and calls a
    depthwise kernel by its full name.
    """
    found = {}
    _collect(model, (), found)
    return found


def _collect(layer, path, found):
    inner = getattr(layer, "layers", ())
    for child in inner:
        _collect(child, (*path, child.name.replace("/", "_")), found)
    below = {id(variable) for child in inner for variable in child.variables}
    for variable in layer.variables:
        if id(variable) not in below:
            name = variable.name.split("/")[-1].split(":")[0].removeprefix("depthwise_")
            name = ":".join((*path, name))
            if name in found:
                raise ValueError(f"two variables are called {name}")
            found[name] = raw_variable(variable)


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


def apply_gradients(optimizer, gradients, variables):
    """One step down the gradients of a `scaled_loss`; those that are None stay where they are.

    Keras 3 divides by the loss scale in there, and asks only the first replica whether to skip.
    """
    if isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer):
        gradients = _broken_everywhere(gradients)
        if not KERAS_3:
            gradients = optimizer.get_unscaled_gradients(gradients)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))


def _broken_everywhere(gradients):
    """NaN on every replica once one has it, so that all of them skip the step."""
    replica = tf.distribute.get_replica_context()
    if replica.num_replicas_in_sync == 1:
        return gradients
    # None belongs to a variable that this loss does not reach, such as the BN neck of a triplet.
    known = [each for each in gradients if each is not None]
    finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(each)) for each in known])
    broken = replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.where(finite, 0.0, 1.0))
    spoil = tf.where(broken > 0.0, float("nan"), 0.0)
    return [each if each is None else each + spoil for each in gradients]


def first_replicas():
    """The `aggregation` of a weight that every replica assigns the same value to."""
    return "only_first_replica" if KERAS_3 else tf.VariableAggregation.ONLY_FIRST_REPLICA


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
