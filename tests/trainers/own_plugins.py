"""What somebody may name by --loss= and --optimizer=: things that work, and many that do not."""

import keras
import numpy as np
import tensorflow as tf

from keras_reid.losses import batch_hard_triplet

NUMBER = 3


def hard_mean(pids, embeddings, margin=0.3):
    """A scalar, as the losses of TensorFlow Addons return it."""
    return tf.reduce_mean(batch_hard_triplet(embeddings, pids, margin=margin))


class Hard(keras.losses.Loss):
    """A number for each image."""

    def __init__(self, margin=0.3, name="hard", **options):
        super().__init__(name=name, **options)
        self.margin = margin

    def call(self, pids, embeddings):
        return batch_hard_triplet(embeddings, pids, margin=self.margin)


MADE = Hard()


def matrix(pids, embeddings):
    return embeddings


def one_number_in_a_list(pids, embeddings):
    return tf.reduce_mean(embeddings, keepdims=True)[0]


def without_gradient(pids, embeddings):
    return tf.cast(pids, tf.float32)


def nothing(pids, embeddings):
    return None


def outside_tensorflow(pids, embeddings):
    return np.sum(np.asarray(embeddings))


def of_other_shapes(pids, embeddings):
    return tf.reduce_sum(embeddings - tf.ones([4, 3]))


def too_few_arguments(embeddings):
    return embeddings


class Picky(keras.losses.Loss):
    def __init__(self, margin=0.3):
        raise ValueError(f"margin {margin} is not to my taste\nand here is more")


class Descent(keras.optimizers.SGD):
    """Hands weight_decay up."""

    def __init__(self, learning_rate=0.1, **options):
        super().__init__(learning_rate=learning_rate, **options)


class Plain(keras.optimizers.SGD):
    """Knows no weight decay."""

    def __init__(self, learning_rate=0.1, momentum=0.0):
        super().__init__(learning_rate=learning_rate, momentum=momentum)


class Lazy(keras.optimizers.SGD):
    """Fails when it is used."""

    def __init__(self, learning_rate=0.1):
        super().__init__(learning_rate=learning_rate)

    def apply_gradients(self, grads_and_vars, **options):
        raise ArithmeticError("not today")


PROXIES = tf.Variable([1.0, 2.0], name="proxies")


def with_proxies(pids, embeddings):
    return tf.reduce_sum(embeddings) * tf.reduce_sum(PROXIES)


def of_unknown_shape(pids, embeddings):
    return tf.numpy_function(np.mean, [embeddings], tf.float32)


class Unhurried(keras.optimizers.SGD):
    """Takes no learning rate."""

    def __init__(self):
        super().__init__(learning_rate=0.1)


class NumbersOnly(keras.optimizers.SGD):
    """Takes no schedule."""

    def __init__(self, learning_rate=0.1):
        super().__init__(learning_rate=max(learning_rate, 0.0))
