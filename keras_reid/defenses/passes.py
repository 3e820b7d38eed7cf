"""The passes of an attack through the model that is being trained: float32, and without a trace."""

import contextlib

import tensorflow as tf

from keras_reid import compat
from keras_reid.attacks.identities import choose
from keras_reid.errors import ReIDError

# "inference": moving statistics; "batch": those of the batch, the moving ones put back afterwards;
# "released": those of the batch, and every pass moves the moving ones, as in the released code.
INFERENCE, BATCH, RELEASED = "inference", "batch", "released"
BATCH_NORMS = (INFERENCE, BATCH, RELEASED)


@contextlib.contextmanager
def attack_passes(model, batch_norm=INFERENCE, output="embedding"):
    """Yields the model as an attack calls it: images [N, H, W, 3] in [0, 1] -> float32 [N, D].

    Float32 even where the model trains in half precision, whose gradient in the pixels underflows
    to zero. The moving averages of batch normalisation are, on leaving, what they were, except
    under "released".

    Args:
      model: ReIDModel.
      batch_norm: one of `BATCH_NORMS`.
      output: "embedding" or "logits".

    Raises:
      ReIDError: logits of a model without them.
    """
    choose("batch normalisation", batch_norm, BATCH_NORMS)
    if output not in model.network.output:
        raise ReIDError(f"the model has no {output} to attack; train it with a classifier")
    training = batch_norm != INFERENCE
    kept = model.network.non_trainable_variables if batch_norm == BATCH else []
    before = [tf.identity(tf.convert_to_tensor(variable)) for variable in kept]

    def embed(images):
        with compat.computing_in_float32(model):
            return tf.cast(model.network(images, training=training)[output], tf.float32)

    yield embed
    for variable, value in zip(kept, before, strict=True):
        variable.assign(value)
