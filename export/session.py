"""Running a SavedModel the way TensorFlow Serving does.

Python's `tf.saved_model.load` restores variables by tracking objects; the server restores them by
the saver's restore op. Only the second way shows an export that would fail in production.
"""

import contextlib

import numpy as np
import tensorflow as tf

from keras_reid.errors import ReIDError


@contextlib.contextmanager
def without_advice():
    """Keeps TensorFlow from advising `tf.saved_model.load`, which is just what hides the fault."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


class ServedModel:
    """A SavedModel in a V1 session; `run(signature, inputs)` gives NumPy outputs."""

    def __init__(self, path):
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph)
        try:
            with without_advice():
                meta = tf.compat.v1.saved_model.load(self._session, ["serve"], str(path))
        except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
            self._session.close()
            reason = str(error).splitlines()[0]
            raise ReIDError(
                f"{path} does not load as TF Serving would load it: {reason}"
            ) from error
        self.signatures = dict(meta.signature_def)

    def run(self, signature, inputs):
        """Feeds arrays by the signature's input names; returns {output name: array}."""
        definition = self.signatures[signature]
        feeds = {definition.inputs[name].name: np.asarray(value) for name, value in inputs.items()}
        fetches = {name: info.name for name, info in definition.outputs.items()}
        return self._session.run(fetches, feeds)

    def close(self):
        self._session.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
