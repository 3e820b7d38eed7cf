"""A loss of somebody else's, called on (pids, embeddings), as one number per image."""

import functools
import inspect

import keras
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from trainers import addons, plugins


class PluginLoss:
    """The loss behind --loss=package.module:Name.

    Args:
      path: of a subclass of keras.losses.Loss, or of a function (pids [N] int32, embeddings
        float32 [N, D], named arguments) -> [N], or a scalar, the mean over the N images.
      args: the named arguments: of the constructor, or of the function.
      unit_length: scale every embedding to length 1 before.

    Raises:
      ReIDError: it is neither of the two, or refuses the arguments.
    """

    def __init__(self, path, args=None, *, unit_length=False):
        self._path = path
        self._function = _bound(path, plugins.find("loss", path), dict(args or {}))
        self._unit_length = unit_length

    def __call__(self, pids, embeddings):
        """float32 [N]: a scalar is dealt to its images so that their mean is the scalar."""
        if self._unit_length:
            embeddings = tf.math.l2_normalize(embeddings, axis=1)
        value = tf.cast(tf.convert_to_tensor(self._function(pids, embeddings)), tf.float32)
        images = tf.shape(pids)[0]
        if value.shape.rank == 0:
            return tf.fill([images], value)
        if value.shape.rank is None:
            raise ReIDError(
                f"--loss={self._path} returned an unknown shape; say it with tf.ensure_shape: "
                "[N], one number per image, or [], their mean"
            )
        if value.shape.rank != 1 or not value.shape.is_compatible_with(pids.shape):
            raise ReIDError(
                f"--loss={self._path} returned the shape {value.shape} for {pids.shape[0]} images; "
                "return [N], one number per image, or a scalar, their mean"
            )
        return value

    def try_on(self, images, each, width):
        """Calls it once on made-up embeddings, in a graph as training will.

        Args:
          images, each: images in a batch, and of each person.
          width: of an embedding.

        Raises:
          ReIDError: it fails, returns the wrong shape, or has no gradient.
        """
        pids = tf.range(images, dtype=tf.int32) // each
        embeddings = tf.random.stateless_normal([images, width], seed=[0, 0])
        try:
            gradient, own = self._gradient(pids, embeddings)
        except ReIDError:
            raise
        # Code that nobody here knows may fail in any way.
        except Exception as error:
            raise ReIDError(
                f"--loss={self._path} failed on pids [{images}] and embeddings "
                f"[{images}, {width}] with {plugins.reason(error)}; repair it or its --loss_args"
            ) from error
        if own:
            raise ReIDError(
                f"--loss={self._path} has weights of its own ({', '.join(own)}), which would be "
                "neither trained nor saved; use a loss without, such as keras.losses:Circle"
            )
        if gradient is None:
            raise ReIDError(
                f"--loss={self._path} has no gradient in the embeddings, so nothing would be "
                "learned; compute it from them with TensorFlow operations"
            )

    def _gradient(self, pids, embeddings):
        failures, own = [], []

        @tf.function
        def gradient(embeddings):
            with tf.GradientTape() as tape:
                tape.watch(embeddings)
                try:
                    loss = self(pids, embeddings)
                # Tracing would wrap the sentence in the whole way to it.
                except ReIDError as error:
                    failures.append(error)
                    raise
            own.extend(variable.name for variable in tape.watched_variables())
            return tape.gradient(loss, embeddings)

        try:
            return gradient(embeddings), own
        except Exception:
            if failures:
                raise failures[0] from None
            raise


def _bound(path, found, args):
    said = f"--loss={path}"
    if inspect.isclass(found) and issubclass(found, keras.losses.Loss):
        _refuse_dropped(said, found, args)
        try:
            loss = found(**args)
        # A constructor may refuse in any way; TypeError and ValueError are the usual ones.
        except Exception as error:
            raise ReIDError(
                f"{said} refuses its --loss_args {args}: {plugins.reason(error)}"
            ) from error
        if found.call is keras.losses.Loss.call:
            raise ReIDError(f"{said} has no call(pids, embeddings) of its own; define it")
        # Not the loss itself: the batch's mean is the trainer's, and under a strategy Keras 2
        # refuses to take it.
        return loss.call
    if inspect.isclass(found) or isinstance(found, keras.losses.Loss) or not callable(found):
        raise ReIDError(
            f"{said} is {_kind(found)}; name a subclass of keras.losses.Loss or a function "
            f"(pids, embeddings) (this is {compat.STACK})"
        )
    try:
        inspect.signature(found).bind("pids", "embeddings", **args)
    except TypeError as error:
        raise ReIDError(
            f"{said} cannot be called as (pids, embeddings) with --loss_args {args}: "
            f"{plugins.reason(error)}"
        ) from error
    except ValueError:
        pass  # built in C, without a signature to ask
    return functools.partial(found, **args)


def _refuse_dropped(said, found, args):
    """The losses of TensorFlow Addons take every argument and drop those they do not know."""
    known = set(inspect.signature(found).parameters) - {"kwargs"}
    if addons.is_addons(found.__module__) and not set(args) <= known:
        raise ReIDError(
            f"{said} has no argument {sorted(set(args) - known)[0]!r} for --loss_args; it has "
            f"{', '.join(sorted(known))}"
        )


def _kind(found):
    if inspect.isclass(found):
        return f"the class {found.__module__}.{found.__name__}"
    return f"an object of the type {type(found).__name__}"
