"""The data set that settings or flags name."""

from keras_reid.data import load_dataset
from keras_reid.errors import ReIDError


def load_chosen(choice, progress=None):
    """Reads the data set.

    Args:
      choice: anything with the attributes dataset, data, acknowledge_withdrawn, camid_policy,
        cuhk03_images and include_val: a configuration, or flags.
      progress: called with (done, total) while CUHK03 is unpacked.
    """
    if not choice.data:
        raise ReIDError("--data is missing: the folder of the data set")
    options = {
        "dukemtmc": {"acknowledge_withdrawn": choice.acknowledge_withdrawn},
        "cuhk03": {"images": choice.cuhk03_images, "progress": progress},
        "msmt17": {"include_val": choice.include_val},
        "csv": {"camid_policy": choice.camid_policy},
    }.get(choice.dataset, {})
    return load_dataset(choice.dataset, choice.data, **options)
