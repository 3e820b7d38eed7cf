"""Identities of a set of embeddings: their sums, and which one lies furthest away."""

from typing import NamedTuple

import numpy as np

from keras_reid.errors import ReIDError


class Identities(NamedTuple):
    """Sums per identity, so that no [images x guides x D] tensor is ever built."""

    pids: np.ndarray  # [K] sorted, without junk and distractors
    sums: np.ndarray  # [K, D]
    counts: np.ndarray  # [K]

    @property
    def means(self):
        return self.sums / self.counts[:, None]


def group(embeddings, pids):
    """Sums the embeddings of each identity, leaving out junk (-1) and distractors (0)."""
    real = pids > 0
    known, index = np.unique(pids[real], return_inverse=True)
    if len(known) == 0:
        raise ReIDError("no guide belongs to an identity (all are junk or distractors); add images")
    sums = np.zeros((len(known), embeddings.shape[1]))
    np.add.at(sums, index, embeddings[real])
    return Identities(known, sums, np.bincount(index, minlength=len(known)))


def other_identity(own, own_pids, identities, selection, seed):
    """Index into `identities` of the identity to pull each image to, never its own."""
    if len(identities.pids) < 2 and np.any(own_pids == identities.pids[0]):
        raise ReIDError("pulling needs guides of at least two identities, and there is only one")
    if selection == "random":
        score = np.random.default_rng(seed).random((len(own), len(identities.pids)))
    else:
        means = identities.means
        score = np.sum(means**2, axis=1)[None] - 2.0 * own @ means.T  # + ||f||^2, the same in a row
    score[own_pids[:, None] == identities.pids[None, :]] = -np.inf
    return np.argmax(score, axis=1)


def checked(embeddings, pids, metric):
    """Float64 embeddings (unit length under cosine) and int64 pids, or a sentence."""
    choose("metric", metric, ("l2", "cosine"))
    embeddings, pids = np.asarray(embeddings, np.float64), np.asarray(pids, np.int64)
    if embeddings.ndim != 2 or pids.shape != embeddings.shape[:1] or not len(pids):
        raise ReIDError(
            f"guides need embeddings [N, D] with pids [N] and N > 0, not {embeddings.shape} "
            f"with {pids.shape}"
        )
    if not np.all(np.isfinite(embeddings)):
        raise ReIDError(
            "embeddings hold NaN or infinite values; check the model before attacking it"
        )
    if metric == "cosine":
        embeddings = embeddings / np.maximum(
            np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12
        )
    return embeddings, pids


def choose(what, value, allowed):
    if value not in allowed:
        raise ReIDError(f"{what} {value!r} is unknown; use one of {', '.join(allowed)}")
