"""Whether a data set has the guides that a plan asks for."""

import numpy as np

from keras_reid.errors import ReIDError


def check_guides(split, pids, num_push):
    """Refuses a source of guides that nobody, or nobody as asked, could be guided by.

    Args:
      split: its name. pids: [M] of its images.
      num_push: pushing guides that each image is to have.

    Raises:
      ReIDError: fewer than two identities, or more pushes than images of any of them.
    """
    counts = image_counts(pids)
    if len(counts) < 2:
        raise ReIDError(
            f"guides from {split} need at least two identities, and it has fewer; choose "
            "another --guide_source, or sma and odfa, which need no guides"
        )
    most = max(counts.values())
    if num_push > most:
        raise ReIDError(
            f"num_push={num_push} needs a person with as many images among the guides from "
            f"{split}, and none has more than {most}; take num_push={most} or fewer"
        )


def short_of_guides(split, pids, attacked, attacked_pids, num_push):
    """A sentence on the attacked images with fewer pushes than asked for, or None.

    Args:
      split, pids, num_push: as of `check_guides`.
      attacked, attacked_pids: the side that is attacked; where it guides itself, an image is no
        guide of its own.
    """
    others = other_images(split, pids, attacked, attacked_pids)
    few = int(np.sum((others > 0) & (others < num_push)))
    if not few:
        return None
    return (
        f"{few} of {len(others)} images of the {attacked} have fewer than {num_push} others of "
        f"their identity among the guides from {split}; those are pushed from as many as there are"
    )


def other_images(split, pids, attacked, attacked_pids):
    """int [people attacked]: images of its identity that each may be pushed from; as above."""
    counts = image_counts(pids)
    own = 1 if split == attacked else 0
    return np.array([counts.get(pid, 0) - own for pid in attacked_pids if pid > 0])


def image_counts(pids):
    """{pid: images} of identities; distractors and junk are none."""
    found, counts = np.unique(np.asarray(pids), return_counts=True)
    return {int(pid): int(count) for pid, count in zip(found, counts, strict=True) if pid > 0}
