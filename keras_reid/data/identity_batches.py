"""Which images go into the batch of a step: pure functions of a seed and the step.

Nothing here keeps a position, so a run that resumes at step s asks for step s. Shuffles sort the
raw words of a bit generator, whose stream NumPy promises to keep; `Generator.permutation` may
change from one NumPy to the next.
"""

import functools

import numpy as np

from keras_reid.errors import ReIDError

# What a shuffle is for; keeps the streams apart.
_PEOPLE, _IMAGES, _EPOCHS, PUSHES, PULLS = range(5)


def shuffle(count, *key):
    """[count] int64: 0 .. count - 1 in an order that the integers of `key` decide alone."""
    return np.argsort(np.random.PCG64(list(key)).random_raw(count), kind="stable")


class IdentityBatches:
    """P people times K images of each, a person's images side by side.

    Args:
      labels: [n] person of each image, any integers.
      persons: P.
      images_each: K. Someone with fewer images is shown some of them again.
      seed: non-negative integer.
    """

    def __init__(self, labels, persons, images_each, seed=0):
        labels = np.asarray(labels)
        people = np.unique(labels)
        _check_seed(seed)
        if persons < 1 or images_each < 1:
            raise ReIDError(f"a batch of {persons} people x {images_each} images is empty")
        if persons > len(people):
            raise ReIDError(
                f"a batch of {persons} people needs as many identities; the data has {len(people)}"
            )
        if persons * images_each > len(labels):
            raise ReIDError(
                f"a batch of {persons} people x {images_each} images is larger than the data, "
                f"which has {len(labels)} images"
            )
        self.persons, self.images_each, self.seed = persons, images_each, seed
        self.batch_size = persons * images_each
        # As many steps as show as many images as there are.
        self.steps_per_epoch = len(labels) // self.batch_size
        self._images_of = [np.flatnonzero(labels == person) for person in people]

    def indices(self, step):
        """[persons * images_each] int64 positions of the images of a step."""
        people = len(self._images_of)
        number, hand = divmod(int(step), people)
        hand = _deck(people, self.persons, self.seed, number)[hand]
        return np.concatenate([
            self._choose(person, int(step), place) for place, person in enumerate(hand)
        ])  # fmt: skip

    def _choose(self, person, step, place):
        images = self._images_of[person]
        order = shuffle(len(images), self.seed, _IMAGES, step, place)
        return images[np.resize(order, self.images_each)]  # resize repeats what is too short


@functools.lru_cache(maxsize=8)
def _deck(people, persons, seed, number):
    """[people, persons]: `persons` shuffles of everybody, dealt into hands without a double.

    Everyone is dealt once before anyone is dealt again, and `persons` times in all. A hand that
    spans two shuffles is completed with the first of the second that it does not hold yet.
    """
    dealt = np.empty(0, np.int64)
    for turn in range(persons):
        order = shuffle(people, seed, _PEOPLE, number, turn)
        begun = len(dealt) % persons
        held = np.isin(order, dealt[len(dealt) - begun :])
        first = np.flatnonzero(~held)[: persons - begun]
        dealt = np.concatenate([dealt, order[first], np.delete(order, first)])
    deck = dealt.reshape(people, persons)
    deck.flags.writeable = False
    return deck


class ShuffledBatches:
    """Every image once an epoch, in an order of its own each epoch; an incomplete batch is dropped.

    Args:
      count: how many images there are.
      batch_size: images a batch.
      seed: non-negative integer.
    """

    def __init__(self, count, batch_size, seed=0):
        _check_seed(seed)
        if batch_size < 1:
            raise ReIDError(f"a batch of {batch_size} images is empty")
        if batch_size > count:
            raise ReIDError(
                f"a batch of {batch_size} images is larger than the data, which has {count} images"
            )
        self.count, self.batch_size, self.seed = count, batch_size, seed
        self.steps_per_epoch = count // batch_size

    def indices(self, step):
        """[batch_size] int64 positions of the images of a step."""
        epoch, place = divmod(int(step), self.steps_per_epoch)
        start = place * self.batch_size
        return _epoch(self.count, self.seed, epoch)[start : start + self.batch_size]


@functools.lru_cache(maxsize=8)
def _epoch(count, seed, epoch):
    order = shuffle(count, seed, _EPOCHS, epoch)
    order.flags.writeable = False
    return order


def _check_seed(seed):
    if seed < 0:
        raise ReIDError(f"the seed is {seed}; it must not be negative")
