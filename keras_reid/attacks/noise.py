"""Noise of the same epsilon: the baselines that every attack has to beat."""

import tensorflow as tf

from keras_reid.attacks import steps
from keras_reid.attacks.checks import check_images, check_radius


def uniform(images, *, epsilon, seed=(0, 0)):
    """Adds noise that is uniform in [-epsilon, epsilon]; shapes and seed as in `MetricAttack`."""
    return _add(images, epsilon, seed, lambda noise: noise)


def sign(images, *, epsilon, seed=(0, 0)):
    """Adds plus or minus epsilon to every value, by coin toss: the strongest noise in the ball."""
    return _add(images, epsilon, seed, lambda noise: tf.where(noise < 0.0, -1.0, 1.0))


NOISES = {"noise": uniform, "sign_noise": sign}


def _add(images, epsilon, seed, shape_noise):
    images = check_images(images)
    shape = tf.shape(images)
    radius = steps.as_column(steps.per_image(check_radius("epsilon", epsilon), shape[0]))
    noise = steps.uniform_noise(steps.image_keys(seed, shape[0]), shape[1:])
    return steps.project(images + radius * shape_noise(tf.reshape(noise, shape)), images, radius)
