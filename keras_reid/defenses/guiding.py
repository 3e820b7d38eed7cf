"""From a batch's views to the guides of its attack, inside the graph of the training step.

`views` are [N, V, H, W, 3] images in [0, 1] with `labels` [N, V]: each image (view 0), then those
that `GuideBatches` sampled for it. What has to be embedded is embedded in one forward pass.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_reid.attacks import ATTACKS, Guides
from keras_reid.attacks.identities import choose
from keras_reid.defenses.memory_bank import furthest_of_batch, furthest_prototypes

# Where pulls come from: images of the furthest person that the memory bank finds, that person's
# prototype, or the furthest embeddings of the batch (with the own person among them: as released).
BANK, PROTOTYPE, BATCH, RELEASED_BATCH = "bank", "prototype", "batch", "batch_with_own"
PULL_SOURCES = (BANK, PROTOTYPE, BATCH, RELEASED_BATCH)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guiding:
    """How the training images get their guides.

    attack: row of `ATTACKS`.
    num_push, num_pull: of the rows with given guides, except fna, which takes everybody.
    pull: one of `PULL_SOURCES`.
    counts: [K] how many images each training person has.
    """

    attack: str
    num_push: int
    num_pull: int
    pull: str
    counts: np.ndarray

    def __post_init__(self):
        choose("pull", self.pull, PULL_SOURCES)

    @property
    def sampled_push(self):
        """Pushes that `GuideBatches` has to sample."""
        return self.num_push if self._samples else 0

    @property
    def sampled_pull(self):
        """Pulls that `GuideBatches` has to sample."""
        return self.num_pull if self._samples and self.pull == BANK else 0

    @property
    def needs_bank(self):
        """Whether there has to be a MemoryBank."""
        if self.attack == "fna":
            return True
        return self._samples and self.num_pull > 0 and self.pull in (BANK, PROTOTYPE)

    @property
    def _samples(self):
        return self.attack != "fna" and ATTACKS[self.attack].get("guides") is None

    def __call__(self, embed, views, labels, prototypes=None):
        """`Guides` of the images `views[:, 0]`, or None for an attack that makes its own.

        Args:
          embed: [M, H, W, 3] -> float32 [M, D].
          views, labels: see above.
          prototypes: float32 [K, D] of the memory bank.
        """
        if ATTACKS[self.attack].get("guides") == "classes":
            return Guides(push=tf.one_hot(labels[:, :1], len(self.counts)))
        if self.attack == "fna":
            clean = embed_views(embed, views[:, :1])[:, 0]
            return self._everybody(clean, labels[:, 0], prototypes)
        if not self._samples:
            return None
        return self._sampled(embed, views, labels, prototypes)

    def _sampled(self, embed, views, labels, prototypes):
        needs_clean = self.num_pull > 0 and self.pull != BANK
        embeddings = embed_views(embed, views if needs_clean else views[:, 1:])
        sampled = embeddings[:, 1:] if needs_clean else embeddings
        push_weight, pull_weight = view_weights(
            labels, self.counts, self.sampled_push, self.sampled_pull
        )
        push, pull = sampled[:, : self.sampled_push], sampled[:, self.sampled_push :]
        if needs_clean:
            pull, pull_weight = self._pulled(embeddings[:, 0], labels[:, 0], prototypes)
        return Guides(
            push=push if self.num_push else None,
            push_weight=push_weight if self.num_push else None,
            pull=pull if self.num_pull else None,
            pull_weight=pull_weight if self.num_pull else None,
        )

    def _pulled(self, clean, labels, prototypes):
        """Pulls that are made here and not sampled: (vectors [N, Q, D], weights [N, Q])."""
        if self.pull == PROTOTYPE:
            found = tf.gather(prototypes, furthest_prototypes(clean, labels, prototypes))
            # One vector with the weight of the images that it stands for.
            return found[:, None], tf.fill([tf.shape(clean)[0], 1], float(self.num_pull))
        others = tf.not_equal(labels[:, None], labels[None, :])
        if self.pull == RELEASED_BATCH:
            others = tf.ones_like(others)
        return furthest_of_batch(clean, others, self.num_pull)

    def _everybody(self, clean, labels, prototypes):
        """FNA over the training set: all other images of the person, all of the furthest one.

        The leave-one-out mean of the own person takes the image as it is now out of the bank's sum.
        Someone with one image is pushed from it: SMA.
        """
        counts = tf.constant(self.counts, tf.float32)
        number = tf.gather(counts, labels)
        others = tf.maximum(number - 1.0, 1.0)
        total = tf.gather(prototypes, labels) * number[:, None]
        push = tf.where(number[:, None] > 1.0, (total - clean) / others[:, None], clean)
        furthest = furthest_prototypes(clean, labels, prototypes)
        pull = tf.gather(prototypes, furthest)
        weight = tf.gather(counts, furthest)
        return Guides(push[:, None], pull[:, None], others[:, None], weight[:, None])


def embed_views(embed, views):
    """[N, V, H, W, 3] -> [N, V, D] by one call of `embed`, outside any gradient."""
    shape = tf.shape(views)
    embeddings = embed(tf.reshape(views, tf.concat([[shape[0] * shape[1]], shape[2:]], axis=0)))
    width = embeddings.shape[-1]
    embeddings = tf.reshape(tf.cast(embeddings, tf.float32), [shape[0], shape[1], width])
    return tf.stop_gradient(embeddings)


def view_weights(labels, counts, num_push, num_pull):
    """Which sampled guides count: 1, or 0 for what only fills a row up.

    Someone without another image is pushed once, from another view of the image itself.

    Args:
      labels: int [N, 1 + P + Q] of the images and of their guides.
      counts: [K] images of each person.
      num_push, num_pull: P and Q.

    Returns:
      (float32 [N, P], float32 [N, Q]).
    """
    counts = tf.constant(counts, tf.int32)
    others = tf.maximum(tf.gather(counts, labels[:, 0]) - 1, 1)
    push = tf.range(num_push)[None] < others[:, None]
    pulled = tf.gather(counts, labels[:, 1 + num_push :])
    pull = tf.range(num_pull)[None] < pulled
    return tf.cast(push, tf.float32), tf.cast(pull, tf.float32)
