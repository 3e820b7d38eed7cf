"""Data sets as records, images as tensors, batches as functions of a seed and a step."""

from keras_reid.data.market1501 import load_dukemtmc, load_market1501
from keras_reid.data.records import Dataset, Record
from keras_reid.errors import ReIDError

LOADERS = {"market1501": load_market1501, "dukemtmc": load_dukemtmc}

__all__ = ["LOADERS", "Dataset", "Record", "load_dataset"]


def load_dataset(name, root, **options):
    """Reads the labels of a data set; no image is opened.

    Args:
      name: a key of LOADERS.
      root: the data set's folder.
      **options: what that loader takes beyond the folder.

    Returns:
      Dataset with train, query and gallery records.
    """
    if name not in LOADERS:
        raise ReIDError(f"unknown data set {name!r}; known are {', '.join(sorted(LOADERS))}")
    return LOADERS[name](root, **options)
