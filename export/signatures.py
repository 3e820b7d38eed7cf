"""The graphs behind the signatures: uint8 in, every row its own, nothing that fails on one row."""

import json

import tensorflow as tf

from keras_reid.attacks import Guides, round_inside
from keras_reid.attacks.steps import as_column
from keras_reid.data.images import to_images


def embed_graph(embed):
    """The function of `embed` and `serving_default`."""
    return lambda images: {"embeddings": tf.cast(embed(to_images(images)), tf.float32)}


def describe_graph(description):
    """The function of `describe`: the same JSON for every row."""
    text = json.dumps(description, sort_keys=True)
    return lambda request: {"description": tf.fill(tf.shape(request), text)}


def attack_graph(attack, target, embed, limits):
    """The function of `attack_<name>`.

    Args:
      attack: MetricAttack whose `steps` is None where the request decides.
      target: what is attacked, images -> [N, D]: `embed`, or logits for a closed-set attack.
      embed: images -> [N, D], measures the displacement.
      limits: Limits; requests beyond them are clamped, and what was used is reported.
    """

    def run(images, epsilon, steps, seed, push=None, push_weight=None, pull=None, pull_weight=None):
        told = Guides(push, pull, push_weight, pull_weight)
        valid = tf.math.is_finite(epsilon)
        for part in told:
            if part is not None:
                valid &= finite_rows(part)
        # A row that is not finite is attacked with zeros and then given back unchanged, so that it
        # cannot disturb, or fail, the rows it was merged with.
        epsilon_used = tf.clip_by_value(tf.where(valid, epsilon, 0.0), 0.0, limits.epsilon)
        fixed = attack.with_steps(tf.clip_by_value(steps, 0, limits.steps))
        guides = None
        if push is not None:
            guides = Guides(*(tf.where(tf.math.is_finite(part), part, 0.0) for part in told))
        clean = to_images(images)
        found = fixed(target, clean, guides, epsilon=epsilon_used, seed=seed)
        valid &= finite_rows(found)
        found = tf.where(as_column(valid), found, clean)
        adversarial = round_inside(found, images, epsilon_used)
        return {
            "adversarial": adversarial,
            **measured(embed, images, adversarial),
            "epsilon_used": epsilon_used,
            "steps_used": tf.broadcast_to(tf.cast(fixed.steps, tf.int32), tf.shape(steps)),
            "valid": tf.cast(valid, tf.uint8),
        }

    if makes_own_guides(attack):
        return lambda images, epsilon, steps, seed: run(images, epsilon, steps, seed)
    return run


def measured(embed, images, adversarial):
    """{"displacement", "linf"}: how far the embedding moved and the pixels changed, as uint8."""
    change = tf.abs(tf.cast(adversarial, tf.float32) - tf.cast(images, tf.float32))
    moved = tf.cast(embed(to_images(adversarial)) - embed(to_images(images)), tf.float32)
    return {
        "displacement": tf.sqrt(tf.reduce_sum(tf.square(moved), axis=1)),
        "linf": tf.reduce_max(change, axis=[1, 2, 3]) / 255.0,
    }


def makes_own_guides(attack):
    """Whether the attack takes no guides from outside."""
    return attack.guides in ("own", "opposite")


def finite_rows(values):
    """[N] bool: whether every value of a row is finite."""
    axes = list(range(1, len(values.shape)))
    return tf.reduce_all(tf.math.is_finite(values), axis=axes)
