"""Losses as loops over images, the slow and obvious way."""

import numpy as np


def distances(embeddings, squared):
    embeddings = np.asarray(embeddings, np.float64)
    d = ((embeddings[:, None] - embeddings[None]) ** 2).sum(-1)
    return d if squared else np.sqrt(d)


def violation(gap, margin):
    return np.log1p(np.exp(gap)) if margin is None else max(gap + margin, 0.0)


def batch_hard(embeddings, pids, margin, squared):
    d = distances(embeddings, squared)
    return [
        violation(
            max(d[a, p] for p in range(len(pids)) if pids[p] == pids[a])
            - min(d[a, n] for n in range(len(pids)) if pids[n] != pids[a]),
            margin,
        )
        for a in range(len(pids))
    ]


def batch_semihard(embeddings, pids, margin, squared):
    d = distances(embeddings, squared)
    losses = []
    for a in range(len(pids)):
        strangers = [d[a, n] for n in range(len(pids)) if pids[n] != pids[a]]
        terms = [
            violation(
                d[a, p] - min((s for s in strangers if s > d[a, p]), default=max(strangers)),
                margin,
            )
            for p in range(len(pids))
            if p != a and pids[p] == pids[a]
        ]
        losses.append(np.mean(terms) if terms else 0.0)
    return losses
