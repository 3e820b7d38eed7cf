"""Same seed, same run."""

import keras
import tensorflow as tf

from keras_reid.errors import ReIDError

LARGEST_SEED = 2**31 - 1


def seed_everything(seed, deterministic=False):
    """Seeds Python, NumPy, TensorFlow and Keras; call it before the model is built.

    Args:
      seed: from 0 to 2**31 - 1.
      deterministic: also pick the deterministic kernels, for the rest of the process: two runs give
        equal weights bit for bit, a good deal slower on a GPU.
    """
    if not 0 <= seed <= LARGEST_SEED:
        raise ReIDError(f"the seed must lie between 0 and {LARGEST_SEED}, not {seed}")
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
