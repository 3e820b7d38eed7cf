"""Guides drawn at random: the single guide of SG-IFGSM, and a few pushes and pulls."""

import numpy as np

from keras_reid.attacks.guides import Guides, pulled_identities
from keras_reid.attacks.identities import checked


def sample_guides(
    embeddings,
    pids,
    *,
    guide_embeddings=None,
    guide_pids=None,
    num_push=1,
    num_pull=0,
    metric="l2",
    selection="furthest",
    seed=0,
):
    """Random guides: other images of the same identity, and images of the one pulled to.

    Args as in `furthest_negative_guides`; `num_push=1, num_pull=0` is the single guide of SG-IFGSM.

    Returns:
      Guides with float32 [N, num_push, D] and [N, num_pull, D]; weight 0 where there are fewer.
    """
    pushes, pulls = sampled_rows(
        embeddings,
        pids,
        guide_embeddings=guide_embeddings,
        guide_pids=guide_pids,
        num_push=num_push,
        num_pull=num_pull,
        metric=metric,
        selection=selection,
        seed=seed,
    )
    source, _ = checked(
        *((embeddings, pids) if guide_embeddings is None else (guide_embeddings, guide_pids)), "l2"
    )
    push, push_weight = _gather(source, pushes, num_push)
    if not num_pull:
        return Guides(push=push, push_weight=push_weight)
    pull, pull_weight = _gather(source, pulls, num_pull)
    return Guides(push, pull, push_weight, pull_weight)


def sampled_rows(
    embeddings,
    pids,
    *,
    guide_embeddings=None,
    guide_pids=None,
    num_push=1,
    num_pull=0,
    metric="l2",
    selection="furthest",
    seed=0,
):
    """Which rows of the source `sample_guides` takes: (pushes, pulls), one int array an image."""
    own, own_pids = checked(embeddings, pids, "l2")
    alone = guide_embeddings is None
    source, source_pids = (own, own_pids) if alone else checked(guide_embeddings, guide_pids, "l2")
    generator = np.random.default_rng(seed)
    members = {pid: np.flatnonzero(source_pids == pid) for pid in np.unique(own_pids) if pid > 0}
    pushes = [
        _without(members.get(pid, ()), i if alone else None) for i, pid in enumerate(own_pids)
    ]
    pushes = _draw(generator, pushes, num_push)
    if not num_pull:
        return pushes, [np.zeros(0, int)] * len(own)
    pulled = pulled_identities(
        own,
        own_pids,
        guide_embeddings=source,
        guide_pids=source_pids,
        metric=metric,
        selection=selection,
        seed=seed,
    )
    images_of = {pid: np.flatnonzero(source_pids == pid) for pid in np.unique(pulled)}
    return pushes, _draw(generator, [images_of[pid] for pid in pulled], num_pull)


def _draw(generator, candidates, count):
    """Up to `count` of each image's candidates, without repetition."""
    return [generator.permutation(pool)[:count].astype(int) for pool in candidates]


def _gather(source, rows, count):
    """Embeddings [N, count, D] and weights [N, count] of chosen rows; weight 0 fills the rest."""
    vectors = np.zeros((len(rows), count, source.shape[1]), np.float32)
    weight = np.zeros((len(rows), count), np.float32)
    for row, chosen in enumerate(rows):
        vectors[row, : len(chosen)] = source[chosen]
        weight[row, : len(chosen)] = 1.0
    return vectors, weight


def _without(members, index):
    members = np.asarray(members, int)
    return members if index is None else members[members != index]
