"""From a configuration to the attack that makes the adversarial training images."""

import numpy as np
import tensorflow as tf

from keras_reid.defenses import Crafting, Guiding, check_guide_counts
from trainers.goat.config import make_inner_attack


def make_crafting(config, labels):
    """The Crafting of a configuration, for training images of these people [n]; or a sentence."""
    check_guide_counts(labels, config.n_push, config.n_pull)
    return Crafting(
        guiding=Guiding(
            attack=config.attack,
            num_push=config.n_push,
            num_pull=config.n_pull,
            pull=config.pull,
            counts=np.bincount(labels),
        ),
        attack=make_inner_attack(config),
        batch_norm=config.attack_batch_norm,
    )


def image_keys(seed, step, count):
    """int64 [count] keys of the images of a step: no two images of a run share one."""
    first = tf.cast(step, tf.int64) * count
    return seed * 2**32 + first + tf.range(count, dtype=tf.int64)
