"""Models beside the victim: what they can't do, and how they meet images of the victim's size."""

import dataclasses

import tensorflow as tf


def attacks_on(model, plan, notes):
    """The plan's attacks that this model knows: xent needs logits."""
    if "xent" in plan.attacks and model.logits is None:
        notes.append(f"{model.source} has no logits and was left out of xent")
        return tuple(name for name in plan.attacks if name != "xent")
    return plan.attacks


def generator_on(model, generator, notes):
    """The Generator where it can attack this model, else None: its crops have one size."""
    if generator is not None and tuple(model.input_size) != generator.input_size:
        notes.append(
            f"{model.source} takes images of another size than the generator and was left out of "
            "misrank"
        )
        return None
    return generator


def at_size(model, size, notes):
    """The model on images of another size, resized before it: the ball stays in those pixels."""
    if model.input_size == size:
        return model
    notes.append(
        f"the surrogate {model.source} takes images of {model.input_size[0]}x{model.input_size[1]};"
        f" those of {size[0]}x{size[1]} are resized before it, and the attack goes through that"
    )

    def resized(function):
        return lambda images: function(tf.image.resize(images, model.input_size, antialias=True))

    return dataclasses.replace(
        model,
        embed=resized(model.embed),
        logits=resized(model.logits) if model.logits is not None else None,
        input_size=size,
    )
