"""Adam, AdamW or a plug-in on both Keras versions, with loss scaling where float16 needs it."""

import keras
import tensorflow as tf

from keras_reid import compat
from trainers import plugin_optimizer, plugins

OPTIMIZERS = ("adam", "adamw")


def make_optimizer(
    name, schedule, *, weight_decay=0.0, loss_scaling=False, variables=(), args=None,
    beta_1=0.9,
):  # fmt: skip
    """A built optimizer, so that a checkpoint restores every slot at once.

    Args:
      name: "adam": weight decay is an L2 term of the loss (`penalty`), as published;
        "adamw": it is decoupled, in the optimizer; or package.module:Name.
      schedule: learning-rate schedule.
      weight_decay: read where `decays_weights(name)`.
      loss_scaling: dynamic loss scale, for float16.
      variables: the variables to train.
      args: named arguments of a plug-in's constructor.
      beta_1: decay of the mean gradient in adam.
    """
    if plugins.is_path(name):
        optimizer = plugin_optimizer.make_plugin_optimizer(
            name, schedule, weight_decay=weight_decay, args=args
        )
    elif name == "adamw":
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay, epsilon=1e-8)
    else:
        optimizer = keras.optimizers.Adam(schedule, beta_1=beta_1, epsilon=1e-8)
    if loss_scaling:
        optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
    compat.build_optimizer(optimizer, variables)
    return optimizer


def decays_weights(name):
    """Whether the optimizer decays the weights itself; if not, `penalty` belongs to the loss."""
    if plugins.is_path(name):
        return plugin_optimizer.decays_weights(name)
    return name == "adamw"


def penalty(variables, weight_decay):
    """weight_decay / 2 * |variables|^2, whose gradient is the weight decay of a plain Adam."""
    if not weight_decay:
        return tf.constant(0.0)
    return weight_decay * tf.add_n([tf.nn.l2_loss(tf.convert_to_tensor(v)) for v in variables])
