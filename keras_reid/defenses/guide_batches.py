"""Which images guide the attack on which: each image of a batch with its pushes and pulls."""

import numpy as np

from keras_reid.data.identity_batches import PULLS, PUSHES, shuffle
from keras_reid.errors import ReIDError


class GuideBatches:
    """A sampler's images, each followed by those that guide the attack on it.

    A pure function of seed, step and `furthest`, as the sampler below it, and a sampler itself: one
    pipeline decodes and augments images and guides alike. A row of a batch is an image, `num_push`
    other images of its person, then `num_pull` images of its furthest person. Rows that are short
    of images are filled up: pushes with the image itself, pulls with one of the pulls again. The
    filling gets weight 0 (`view_weights`).

    Args:
      sampler: IdentityBatches or ShuffledBatches.
      labels: [n] int, person of each image, 0 .. K - 1.
      num_push, num_pull: images to sample for each image of the sampler.
      furthest: [n] int, the person to pull each image to; None where num_pull is 0.
    """

    def __init__(self, sampler, labels, *, num_push, num_pull, furthest=None):
        check_guide_counts(labels, num_push, num_pull)
        if num_pull and furthest is None:
            raise ReIDError("pulling needs to know the furthest person of each image")
        self.views = 1 + num_push + num_pull
        self.batch_size = sampler.batch_size * self.views
        self.steps_per_epoch = sampler.steps_per_epoch
        self.seed = sampler.seed
        self._sampler = sampler
        self._num_push, self._num_pull = num_push, num_pull
        self._labels = np.asarray(labels)
        self._furthest = furthest
        self._images_of = [
            np.flatnonzero(self._labels == person) for person in range(self._labels.max() + 1)
        ]

    def indices(self, step):
        """[images * views] int64 positions of a step's images, each before its guides."""
        images = self._sampler.indices(step)
        return np.concatenate([
            self._row(image, int(step), place) for place, image in enumerate(images)
        ])  # fmt: skip

    def _row(self, image, step, place):
        row = [np.array([image])]
        if self._num_push:
            same = self._images_of[self._labels[image]]
            pushes = self._drawn(same[same != image], self._num_push, PUSHES, step, place)
            row += [pushes, np.repeat(image, self._num_push - len(pushes))]
        if self._num_pull:
            other = self._images_of[self._furthest[image]]
            pulls = self._drawn(other, self._num_pull, PULLS, step, place)
            row += [pulls, np.repeat(pulls[:1], self._num_pull - len(pulls))]
        return np.concatenate(row)

    def _drawn(self, images, count, purpose, step, place):
        return images[shuffle(len(images), self.seed, purpose, step, place)][:count]


def check_guide_counts(labels, num_push, num_pull):
    """Refuses guides that no image of the data can have.

    Raises:
      ReIDError: a negative number, pulls without a second person, or more pushes than other images
        of any person.
    """
    if num_push < 0 or num_pull < 0:
        raise ReIDError(f"n_push={num_push} and n_pull={num_pull} must not be negative")
    counts = np.bincount(labels)
    if num_pull and len(counts) < 2:
        raise ReIDError(
            f"n_pull={num_pull} needs a second person to pull to, and the data shows one; "
            "take n_pull=0"
        )
    if num_push > counts.max() - 1:
        raise ReIDError(
            f"n_push={num_push} needs a person with {num_push + 1} images, and none has more than "
            f"{counts.max()}; take n_push={counts.max() - 1} or fewer"
        )


def short_of_pushes(labels, num_push):
    """How many people have some other images, but fewer than `num_push`, and how many have none."""
    others = np.bincount(labels) - 1
    return int(np.sum((others > 0) & (others < num_push))), int(np.sum(others == 0))
