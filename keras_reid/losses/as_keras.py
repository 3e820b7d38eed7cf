"""Our triplet losses in Keras' order, (pids, embeddings): where a loss is named by its path.

The defaults are those of TensorFlow Addons' losses, which these stand in for.
"""

from keras_reid.losses.triplet import batch_hard_triplet, batch_semihard_triplet


def hard_triplet(pids, embeddings, margin=1.0, squared=False):
    """`batch_hard_triplet`: pids [N] and embeddings [N, D] -> float32 [N]; margin None: soft."""
    return batch_hard_triplet(embeddings, pids, margin=margin, squared=squared)


def semihard_triplet(pids, embeddings, margin=1.0, squared=False):
    """`batch_semihard_triplet`: pids [N] and embeddings [N, D] -> float32 [N]."""
    return batch_semihard_triplet(embeddings, pids, margin=margin, squared=squared)
