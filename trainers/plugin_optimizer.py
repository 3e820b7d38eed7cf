"""An optimizer of somebody else's, by dotted path."""

import inspect

import keras
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from trainers import plugins
from trainers.schedules import EpochSchedule


def find_optimizer(path):
    """The class behind --optimizer=package.module:Name, or a ReIDError."""
    found = plugins.find("optimizer", path)
    if not inspect.isclass(found) or not issubclass(found, compat.OPTIMIZERS):
        what = "a class of another kind" if inspect.isclass(found) else f"a {type(found).__name__}"
        raise ReIDError(
            f"--optimizer={path} is {what}; name a subclass of keras.optimizers.Optimizer "
            f"(this is {compat.STACK})"
        )
    if found in compat.OPTIMIZERS:
        raise ReIDError(
            f"--optimizer={path} is only the base class; name an optimizer such as "
            "keras.optimizers:Lion"
        )
    return found


def make_plugin_optimizer(path, learning_rate, *, weight_decay=0.0, args=None):
    """The optimizer itself.

    Args:
      path: "package.module:Name".
      learning_rate: a number or a schedule.
      weight_decay: handed on if the constructor has it; `decays_weights` tells.
      args: other named arguments of the constructor.

    Raises:
      ReIDError: it is no optimizer, or refuses the arguments.
    """
    found, args = find_optimizer(path), dict(args or {})
    if _parameter(found, "learning_rate") is None:
        raise ReIDError(
            f"--optimizer={path} takes no learning_rate; name an optimizer that does, or write a "
            "class that wraps this one and takes it"
        )
    settings = {"learning_rate": learning_rate, **args}
    own = _parameter(found, "weight_decay")
    # 0 is told, too, where leaving it out would mean something else (0.004 in Keras' AdamW).
    if own is not None and (weight_decay or own.default not in (None, 0.0)):
        settings["weight_decay"] = weight_decay
    try:
        return found(**settings)
    # A constructor may refuse in any way; TypeError and ValueError are the usual ones.
    except Exception as error:
        said = f"its --optimizer_args {args}" if args else "a learning rate that is a schedule"
        raise ReIDError(f"--optimizer={path} refuses {said}: {plugins.reason(error)}") from error


def try_out(path, *, weight_decay=0.0, args=None):
    """Makes the optimizer and takes one step on a made-up layer; ReIDError if that fails."""
    # A schedule, as in training: some take numbers only.
    rate = EpochSchedule(1e-3, 1, 1)
    optimizer = make_plugin_optimizer(path, rate, weight_decay=weight_decay, args=args)
    layer = keras.layers.Dense(2, kernel_initializer="ones")
    layer.build((None, 2))
    variables = layer.trainable_variables
    gradients = [tf.ones(variable.shape) for variable in variables]
    try:
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
    # Some look at their arguments only here, and code that nobody here knows may fail in any way.
    except Exception as error:
        raise ReIDError(
            f"--optimizer={path} with --optimizer_args {args or {}} fails in its first step: "
            f"{plugins.reason(error)}"
        ) from error


def decays_weights(path):
    """Whether --weight_decay is the optimizer's own, and not an L2 penalty in the loss."""
    return _parameter(find_optimizer(path), "weight_decay") is not None


def _parameter(optimizer, name):
    """A parameter of the constructor, its own or one it hands up by **kwargs; None: it has none."""
    for each in optimizer.__mro__:
        if "__init__" not in vars(each):
            continue
        parameters = inspect.signature(each.__init__).parameters
        if name in parameters:
            return parameters[name]
        if not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            return None
    return None
