"""What a training remembers of its people: where each one lies, and who is furthest from whom."""

import numpy as np
import tensorflow as tf

from keras_reid.attacks.identities import group, other_identity
from keras_reid.errors import ReIDError


class MemoryBank:
    """Prototypes of the training people, and each training image's furthest person.

    Both are variables, for checkpoints: a run that resumes inside an epoch goes on with the bank of
    that epoch's beginning. Create it in the scope of the run's strategy.

    Args:
      labels: [n] int, person of each training image, 0 .. K - 1.
      width: D, of the embeddings.

    Source: Bouniot et al. 2020, section 3.3 (the furthest identity), over the training set.
    """

    def __init__(self, labels, width):
        self._labels = np.asarray(labels, np.int64)
        people = int(self._labels.max()) + 1
        if people < 2:
            raise ReIDError("pulling needs a second person, and the training images show only one")
        self.prototypes = tf.Variable(
            tf.zeros([people, width]), trainable=False, name="bank_prototypes"
        )
        self._furthest = tf.Variable(
            tf.zeros([len(self._labels)], tf.int32), trainable=False, name="bank_furthest"
        )
        self.state = {"bank_prototypes": self.prototypes, "bank_furthest": self._furthest}

    def refresh(self, embeddings):
        """Looks again.

        Args:
          embeddings: [n, D] of the training images, clean and not augmented.
        """
        embeddings = np.asarray(embeddings, np.float64)
        if not np.all(np.isfinite(embeddings)):
            raise ReIDError(
                "embeddings of training images became NaN or infinite; the last good checkpoint is "
                "kept: try a lower --learning_rate, in a new workdir"
            )
        pids = self._labels + 1  # pid 0 would be a distractor
        people = group(embeddings, pids)
        self.prototypes.assign(people.means.astype(np.float32))
        furthest = other_identity(embeddings, pids, people, "furthest", 0)
        self._furthest.assign(furthest.astype(np.int32))

    @property
    def furthest(self):
        """[n] int32: the person whose mean lies furthest from each image, never its own."""
        return self._furthest.numpy()


def furthest_prototypes(embeddings, labels, prototypes):
    """The same inside a graph, for embeddings of this moment.

    Args:
      embeddings: float32 [N, D]; labels: int [N]; prototypes: float32 [K, D], K > 1.

    Returns:
      int32 [N] indices into the prototypes, never an image's own.
    """
    # Without ||f||^2, which is the same in a row.
    score = tf.reduce_sum(tf.square(prototypes), axis=1)[None] - 2.0 * tf.matmul(
        embeddings, prototypes, transpose_b=True
    )
    own = tf.one_hot(labels, tf.shape(prototypes)[0], on_value=True, off_value=False)
    return tf.argmax(tf.where(own, -float("inf"), score), axis=1, output_type=tf.int32)


def furthest_of_batch(embeddings, others, count):
    """The furthest embeddings of the batch that may be pulled to.

    Args:
      embeddings: float32 [N, D].
      others: bool [N, N]: which column may be a guide of which row.
      count: Q, how many to take.

    Returns:
      (pull float32 [N, Q, D], weight float32 [N, Q]), weight 0 where there are fewer.
    """
    norms = tf.reduce_sum(tf.square(embeddings), axis=1)
    score = norms[None] - 2.0 * tf.matmul(embeddings, embeddings, transpose_b=True)
    found, index = tf.math.top_k(tf.where(others, score, -float("inf")), count)
    return tf.gather(embeddings, index), tf.cast(found > -float("inf"), tf.float32)
