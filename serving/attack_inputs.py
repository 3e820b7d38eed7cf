"""The inputs of an attack signature beside the images, one row per image, refused where wrong.

The server would clamp what is above its ceilings and give a row with a NaN back unchanged; a client
that knows the ceilings says so instead.
"""

import numpy as np

from serving.errors import BadRequest
from serving.guides import guide_inputs

INT64_MAX = np.iinfo(np.int64).max
# Ceilings are rounded on their way: 16/255 may come back as 15.9999996, and 16 is no offence.
SLACK_255 = 1e-3


def attack_inputs(model, description, attack, count, *, push, pull, **told):
    """Operation: {input name: [count, ...]} for `attack_<name>`.

    Args:
      model: serving.model.Model; embeds guides that are images.
      description, attack, count: as of `unguided_inputs`.
      push, pull: as in `ReIDClient.attack`.
      told: what else `unguided_inputs` takes.
    """
    inputs = unguided_inputs(description, attack, count, **told)
    settings = attack_settings(description, attack)
    given = push is not None or pull is not None
    if given and not settings["guided"]:
        why = "takes no guides" if settings.get("generator") else "makes its own guides"
        raise BadRequest(f"attack {attack} {why}: leave out push and pull")
    if not settings["guided"]:
        return inputs
    if not given:
        raise BadRequest(f"attack {attack} needs guides: give push=, pull= or both")
    return inputs | (yield from guide_inputs(model, push, pull, count=count, settings=settings))


def unguided_inputs(description, attack, count, *, epsilon_255, steps, seed, num_pixels):
    """{input name: [count, ...]} for `attack_<name>`, all but its guides; nobody is asked.

    Args:
      description: answer of the model's `describe`.
      attack: name of the attack.
      count: number of images.
      epsilon_255, steps, seed, num_pixels: as in `ReIDClient.attack`.
    """
    settings = attack_settings(description, attack)
    limits = description["limits"]
    epsilon = per_image(epsilon_255, count, "epsilon_255", whole=False)
    check_ceiling(epsilon, "epsilon_255", 255 * limits["epsilon"], slack=SLACK_255)
    epsilon = (epsilon / 255).astype(np.float32)
    if settings.get("generator"):
        pixels = per_image(num_pixels, count, "num_pixels", whole=True)
        check_ceiling(pixels, "num_pixels", settings["num_pixels"])
        return {"epsilon": epsilon, "num_pixels": pixels.astype(np.int32)}
    if np.any(num_pixels):
        raise BadRequest(f"attack {attack} changes every pixel: leave out num_pixels")
    steps = per_image(steps, count, "steps", whole=True)
    check_ceiling(steps, "steps", limits["steps"])
    return {"epsilon": epsilon, "steps": steps.astype(np.int32), "seed": seeds(seed, count)}


def attack_settings(description, attack):
    """What `describe` tells of one attack; names the others where it tells nothing."""
    attacks = description["attacks"]
    if attack in attacks:
        return attacks[attack]
    exported = f"it has {', '.join(sorted(attacks))}" if attacks else "it has none"
    raise BadRequest(f"attack {attack!r} is not exported with this model; {exported}")


def per_image(value, count, name, *, whole):
    """One finite number for all images, or one for each -> [count] float64."""
    kind = "a whole number" if whole else "a finite number"
    wrong = BadRequest(f"{name} must be {kind}, or one for each image, not {value!r}")
    try:
        values = np.asarray(value)
    except ValueError:
        raise wrong from None
    if values.dtype.kind not in "iuf" or values.ndim > 1:
        raise wrong
    if not np.isfinite(values).all() or (whole and (values % 1).any()):
        raise wrong
    if values.ndim == 1 and len(values) != count:
        raise BadRequest(f"{name} has {len(values)} values for {count} images")
    return np.broadcast_to(values, [count]).astype(np.float64)


def check_ceiling(values, name, ceiling, slack=0.0):
    if values.min() < 0:
        raise BadRequest(f"{name} must not be negative, and {values.min():g} is")
    if values.max() > ceiling + slack:
        raise BadRequest(
            f"{name} of {values.max():g} is above the server's ceiling of {ceiling:g}, "
            "which was chosen at export"
        )


def seeds(seed, count):
    """`s` -> s, s + 1, ... so that each image has a key of its own; or one given for each."""
    wrong = BadRequest(
        f"seed must be a whole number of 64 bits, or one for each image, not {seed!r}"
    )
    try:
        values = np.asarray(seed)
    except (ValueError, OverflowError):
        raise wrong from None
    if values.dtype.kind not in "iu" or values.ndim > 1:
        raise wrong
    if values.ndim == 1 and len(values) != count:
        raise BadRequest(f"seed has {len(values)} values for {count} images")
    if int(values.max()) + (0 if values.ndim else count - 1) > INT64_MAX:
        raise wrong
    return values.astype(np.int64) + (0 if values.ndim else np.arange(count))
