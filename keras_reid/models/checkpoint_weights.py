"""A model's weights from a checkpoint of a training run, whichever Keras wrote it."""

from pathlib import Path

import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError, first_line
from keras_reid.models.heads import is_classifier

KEY = "model/{}/.ATTRIBUTES/VARIABLE_VALUE"


def is_checkpoint(path):
    """Whether `path` is the prefix of a TensorFlow checkpoint, such as run/checkpoints/step-12."""
    return Path(f"{path}.index").exists()


def load_checkpoint(model, prefix):
    """Sets `model`'s weights; the classifier is left as it is when the identities differ.

    Returns:
      list of the names that were left as they are.

    Raises:
      ReIDError: the checkpoint is damaged, or of another architecture.
    """
    variables, values = compat.named_variables(model), {}
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        shapes = reader.get_variable_to_shape_map()
        for name, variable in variables.items():
            fits = shapes.get(KEY.format(name)) == variable.shape.as_list()
            if not fits and any(map(is_classifier, name.split(":"))):
                continue
            if not fits:
                raise ReIDError(
                    f"{prefix} has no {name} of shape {variable.shape.as_list()}: it is of "
                    f"another architecture than this model"
                )
            values[name] = reader.get_tensor(KEY.format(name))
    except (tf.errors.OpError, ValueError, RuntimeError, UnicodeDecodeError) as error:
        raise ReIDError(f"{prefix} cannot be read as a checkpoint ({first_line(error)})") from error
    for name, value in values.items():
        variables[name].assign(value)
    return [name for name in variables if name not in values]
