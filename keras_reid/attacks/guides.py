"""Who guides whom: the embeddings that an attack pushes an image from or pulls it to."""

from typing import Any, NamedTuple

import numpy as np

from keras_reid.attacks.identities import checked, choose, group, other_identity
from keras_reid.errors import ReIDError


class Guides(NamedTuple):
    """Guides of a batch; weight 0 is padding, no weights means weight 1.

    push: [N, P, D] or None, embeddings of the same identity, to get away from.
    pull: [N, Q, D] or None, embeddings of another identity, to get close to.
    push_weight, pull_weight: [N, P] and [N, Q] or None.
    """

    push: Any = None
    pull: Any = None
    push_weight: Any = None
    pull_weight: Any = None

    def rows(self, index):
        """The guides of some images: `index` is a slice or an index array over N."""
        return Guides(*(None if part is None else part[index] for part in self))


def furthest_negative_guides(
    embeddings,
    pids,
    *,
    guide_embeddings=None,
    guide_pids=None,
    preset="paper",
    metric="l2",
    selection="furthest",
    seed=0,
):
    """Guides of the Furthest-Negative Attack, merged to one push and one pull per image.

    Push: all other images of the image's identity. Pull: all images of the identity whose mean lies
    furthest away. Merged exactly: weighted means under L2; under cosine the sum of unit vectors as
    direction and its length as weight, since sum_i w_i (2 - 2 f.g_i) is linear in the guides.

    Args:
      embeddings: [N, D] of the images under attack.
      pids: [N]. Junk (-1) and distractors (0) never guide.
      guide_embeddings, guide_pids: [M, D] and [M], where guides come from (query, gallery or
        train); None: the images guide each other, and none guides itself.
      preset: "paper"; or "reference": the image itself is among its pushes and pads them to the
        largest identity, and the pull is one prototype of weight 1, as in the released code.
      metric: "l2" or "cosine".
      selection: "furthest" identity or "random" (the ablation).
      seed: of the random selection.

    Returns:
      Guides with float32 [N, 1, D] and [N, 1]; push weight 0 where an image has no other image of
      its identity (attack it with SMA instead).

    Raises:
      ReIDError: no second identity to pull to, or shapes that do not fit.

    Source: Bouniot et al. 2020, section 3.3.
    """
    choose("preset", preset, ("paper", "reference"))
    choose("selection", selection, ("furthest", "random"))
    own, own_pids = checked(embeddings, pids, metric)
    alone = guide_embeddings is None
    source, source_pids = (
        (own, own_pids) if alone else checked(guide_embeddings, guide_pids, metric)
    )
    if source.shape[1] != own.shape[1]:
        raise ReIDError(
            f"guide embeddings have {source.shape[1]} numbers and the images' have {own.shape[1]}; "
            "embed both with the same model"
        )
    identities = group(source, source_pids)
    index = np.searchsorted(identities.pids, own_pids)
    index = np.minimum(index, len(identities.pids) - 1)
    known = identities.pids[index] == own_pids
    furthest = other_identity(own, own_pids, identities, selection, seed)
    push = np.where(known[:, None], identities.sums[index], 0.0)
    push_count = np.where(known, identities.counts[index], 0)
    pull, pull_count = identities.sums[furthest], identities.counts[furthest]
    if preset == "reference":
        # The image itself stays among its pushes and fills them up to the largest identity.
        largest = identities.counts.max() + (0 if alone else 1)
        push = push + (largest - push_count)[:, None] * own
        push_count = np.full(len(own), largest)
        pull, pull_count = pull / pull_count[:, None], np.ones(len(own))
    elif alone:
        push = np.where(known[:, None], push - own, 0.0)
        push_count = np.where(known, push_count - 1, 0)
    push, push_weight = _as_one_guide(push, push_count, metric)
    pull, pull_weight = _as_one_guide(pull, pull_count, metric)
    return Guides(push, pull, push_weight, pull_weight)


def furthest_identities(embeddings, pids, **source):
    """Each image's furthest identity, a pid [N]: argmax_i || f_x - mean of i's embeddings ||."""
    return pulled_identities(embeddings, pids, **source)


def pulled_identities(
    embeddings, pids, *, guide_embeddings=None, guide_pids=None, metric="l2",
    selection="furthest", seed=0,
):  # fmt: skip
    """The pid [N] that the furthest-negative attack pulls to; arguments as of its guides."""
    own, own_pids = checked(embeddings, pids, metric)
    source = (own, own_pids)
    if guide_embeddings is not None:
        source = checked(guide_embeddings, guide_pids, metric)
    identities = group(*source)
    return identities.pids[other_identity(own, own_pids, identities, selection, seed)]


def _as_one_guide(total, count, metric):
    """A sum of guides as one guide [N, 1, D] and its weight [N, 1] with the same objective."""
    if metric == "cosine":
        weight = np.linalg.norm(total, axis=1)
        guide = total
    else:
        weight = np.asarray(count, np.float64)
        guide = total / np.maximum(weight, 1)[:, None]
    return guide[:, None].astype(np.float32), weight[:, None].astype(np.float32)
