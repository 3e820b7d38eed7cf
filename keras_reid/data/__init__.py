"""Data sets as records, images as tensors, batches as functions of a seed and a step."""

import inspect

from keras_reid.data.csv_table import load_csv
from keras_reid.data.cuhk03 import load_cuhk03
from keras_reid.data.market1501 import load_dukemtmc, load_market1501
from keras_reid.data.msmt17 import load_msmt17
from keras_reid.data.records import Dataset, Record
from keras_reid.errors import ReIDError

LOADERS = {
    "market1501": load_market1501,
    "dukemtmc": load_dukemtmc,
    "cuhk03": load_cuhk03,
    "msmt17": load_msmt17,
    "csv": load_csv,
}

__all__ = ["LOADERS", "Dataset", "Record", "load_dataset"]


def load_dataset(name, root, **options):
    """Reads the labels of a data set; no image is opened (CUHK03 unpacks them, once).

    Args:
      name: a key of LOADERS.
      root: the data set's folder; for "csv" the file.
      **options: what that loader takes beyond the folder.

    Returns:
      Dataset with train, query and gallery records.
    """
    if name not in LOADERS:
        raise ReIDError(f"unknown data set {name!r}; known are {', '.join(LOADERS)}")
    known = list(inspect.signature(LOADERS[name]).parameters)[1:]
    for option in options:
        if option not in known:
            takes = ", ".join(known) or "no option"
            raise ReIDError(f"the data set {name} has no option {option}; it takes {takes}")
    return LOADERS[name](root, **options)
