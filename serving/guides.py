"""Guides of an attack as the contract wants them: a fixed number per image, padded with weight 0.

What a caller may write for `push` and `pull`, a *guide* being one image (path, bytes or uint8
[H, W, 3]) or one embedding (float [D]):

    one guide, or a sequence of P guides      the same for every image
    a sequence of N sequences of guides       per image; their lengths may differ and may be 0
"""

import numpy as np

from serving.embedding import embed
from serving.errors import BadRequest
from serving.images import FILE

FORMS = (
    "give P guides for all images ([P, ...]) or N sequences of guides ([N, P, ...]), a guide being "
    "a path, bytes, uint8 pixels [H, W, 3] or a float embedding [D]"
)


def guide_inputs(model, push, pull, *, count, settings):
    """Operation: the inputs push, push_weight, pull, pull_weight, each [count, ...].

    Args:
      model: serving.model.Model; embeds guides that are images.
      push, pull: guides in any form above, or None.
      count: number of images attacked.
      settings: what `describe` tells of the attack (num_push, num_pull, guide_size).
    """
    inputs = {}
    for name, guides in (("push", push), ("pull", pull)):
        slots, width = settings[f"num_{name}"], settings["guide_size"]
        values = np.zeros([1, slots, width], np.float32)
        weights = np.zeros([1, slots], np.float32)
        if guides is not None:
            groups = as_groups(guides, name, count)
            values, weights = yield from padded(model, groups, name, slots, width)
        inputs[name] = np.broadcast_to(values, [count, slots, width])
        inputs[f"{name}_weight"] = np.broadcast_to(weights, [count, slots])
    return inputs


def as_groups(guides, name, count):
    """One group of guides for all images, or one for each."""
    depth = nesting(guides, name)
    if depth == 0:
        return [[guides]]
    if depth == 1:
        return [guides]
    if depth == 2 and len(guides) == count:
        return list(guides)
    if depth == 2:
        raise BadRequest(f"{name} has guides for {len(guides)} images, not {count}: {FORMS}")
    raise BadRequest(f"{name} is nested too deeply or not enough: {FORMS}")


def nesting(guides, name):
    """0 for one guide, 1 for a sequence of guides, 2 for a sequence of those."""
    if isinstance(guides, FILE):
        return 0
    if isinstance(guides, (list, tuple)):
        return 1 + max((nesting(guide, name) for guide in guides), default=0)
    array = np.asarray(guides)
    if array.dtype.kind != "f" and array.dtype != np.uint8:
        raise BadRequest(f"{name} holds {array.dtype}: {FORMS}")
    return array.ndim - (3 if array.dtype == np.uint8 else 1)


def padded(model, groups, name, slots, width):
    """Operation: groups of guides -> ([groups, slots, width], [groups, slots] of 1 and 0)."""
    lengths = np.array([len(group) for group in groups])
    if lengths.max() > slots:
        raise BadRequest(
            f"{lengths.max()} {name} guides for one image, and the export has room for {slots}"
        )
    if not lengths.any():
        raise BadRequest(f"{name} is empty: leave it out, or {FORMS}")
    guides = [guide for group in groups for guide in group]
    embeddings = yield from as_embeddings(model, guides, name)
    if embeddings.shape[1:] != (width,):
        raise BadRequest(
            f"{name} guides are {'x'.join(map(str, embeddings.shape[1:]))} wide and this attack "
            f"takes {width}"
        )
    if not np.isfinite(embeddings).all():
        raise BadRequest(f"{name} guides must be finite, and some are not")
    taken = np.arange(slots) < lengths[:, np.newaxis]
    values = np.zeros([len(groups), slots, width], np.float32)
    values[taken] = embeddings
    return values, taken.astype(np.float32)


def as_embeddings(model, guides, name):
    """Operation: embeds guides that are images; takes the others as they are."""
    if isinstance(guides[0], FILE) or getattr(guides[0], "dtype", None) == np.uint8:
        return (yield from embed(model, guides))
    try:
        return np.asarray(guides, np.float32)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"{name} guides differ in kind or width: {FORMS}") from error
