"""Ranking metrics and re-ranking as loops, the slow and obvious way."""

import numpy as np


def ranking(distance, query_pids, query_camids, gallery_pids, gallery_camids):
    """Per query, the ranks (from 1) of its matches among what counts."""
    ranks = []
    for q, row in enumerate(np.asarray(distance, np.float64)):
        order = sorted(range(len(row)), key=lambda g: (row[g], g))
        place, found = 0, []
        for g in order:
            if gallery_pids[g] == -1:
                continue
            if gallery_pids[g] == query_pids[q] and gallery_camids[g] == query_camids[q]:
                continue
            place += 1
            if gallery_pids[g] == query_pids[q] and query_pids[q] not in (-1, 0):
                found.append(place)
        ranks.append(found)
    return ranks


def average_precision(ranks, kind):
    total = 0.0
    for i, rank in enumerate(ranks, 1):
        if kind == "standard":
            total += i / rank
        else:
            before = 1.0 if rank == 1 else (i - 1) / (rank - 1)
            total += (i / rank + before) / 2
    return total / len(ranks)


def k_reciprocal(query, gallery, k1, k2, lambda_value):
    """Zhong et al., section 3, with full matrices."""
    images = np.concatenate([query, gallery]).astype(np.float64)
    n = len(images)
    distance = ((images[:, None] - images[None]) ** 2).sum(-1)
    distance /= distance.max(axis=1, keepdims=True)
    # Each image is its own nearest neighbour, also where another is equal to it.
    nearest = np.argsort(np.where(np.eye(n, dtype=bool), -1, distance), axis=1, kind="stable")

    def reciprocal(i, k):
        return {j for j in nearest[i, : k + 1] if i in nearest[j, : k + 1]}

    weights = np.zeros([n, n])
    for i in range(n):
        own = reciprocal(i, k1)
        members = set(own)
        for j in own:
            theirs = reciprocal(j, int(np.around(k1 / 2)))
            if len(theirs & own) > 2 / 3 * len(theirs):
                members |= theirs
        members = list(members)
        weights[i, members] = np.exp(-distance[i, members])
        weights[i] /= weights[i].sum()
    if k2 > 1:
        weights = np.stack([weights[nearest[i, :k2]].mean(axis=0) for i in range(n)])
    overlap = np.minimum(weights[: len(query), None], weights[None, len(query) :]).sum(-1)
    jaccard = 1 - overlap / (2 - overlap)
    return (1 - lambda_value) * jaccard + lambda_value * distance[: len(query), len(query) :]
