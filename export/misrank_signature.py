"""The signature of a trained mis-ranking generator: one pass, no steps, no seed, no guides."""

import tensorflow as tf

from export.signatures import finite_rows, measured
from keras_reid.attacks import round_inside
from keras_reid.attacks.steps import as_column
from keras_reid.data.images import to_images
from keras_reid.errors import ReIDError
from keras_reid.misrank import load_attack


def misrank_graph(attack, embed, limits):
    """The function of `attack_misrank`.

    Args:
      attack: MisrankAttack.
      embed: images -> [N, D], measures the displacement.
      limits: Limits; an epsilon or a number of pixels beyond them is clamped.

    Raises:
      ReIDError: a ceiling of pixels above those of an image.
    """
    height, width = attack.input_size
    ceiling = limits.pixels or height * width
    if ceiling > height * width:
        raise ReIDError(
            f"the ceiling of pixels is {ceiling}, and images of {height}x{width} have "
            f"{height * width}; choose that or less, or 0 for all of them"
        )

    def run(images, epsilon, num_pixels):
        valid = tf.math.is_finite(epsilon) & (num_pixels >= 0)
        epsilon_used = tf.clip_by_value(tf.where(valid, epsilon, 0.0), 0.0, limits.epsilon)
        asked = tf.where(num_pixels <= 0, ceiling, tf.minimum(num_pixels, ceiling))
        found, mask = attack(to_images(images), epsilon_used, asked)
        valid &= finite_rows(found)
        kept = as_column(valid)
        adversarial = round_inside(
            tf.where(kept, found, to_images(images)), images, epsilon_used
        )  # fmt: skip
        return {
            "adversarial": adversarial,
            "mask": tf.cast(tf.where(kept, mask, 0.0), tf.uint8),
            **measured(embed, images, adversarial),
            "epsilon_used": epsilon_used,
            "valid": tf.cast(valid, tf.uint8),
        }

    return run


def load_generator(source, model):
    """The MisrankAttack at `source`, of the size of the crops that `model` takes.

    Raises:
      ReIDError: no generator there, or one of another size.
    """
    attack = load_attack(source)
    if attack.input_size != tuple(model.input_size):
        theirs, ours = ("x".join(map(str, size)) for size in (attack.input_size, model.input_size))
        raise ReIDError(
            f"the generator {source} is for images of {theirs} (height x width) and "
            f"{model.source} takes {ours}; train one for that size, or export a model of {theirs}"
        )
    return attack


def facts(attack, limits):
    """What `describe` tells of it."""
    height, width = attack.input_size
    return {
        "guided": False,
        "generator": True,
        "num_pixels": limits.pixels or height * width,
        "trained_epsilon": attack.model.epsilon,
        "trained_num_pixels": attack.model.num_pixels,
    }
