"""The flags that say which data, for every command that reads some.

Without TensorFlow, so that a wrong folder is told before that has started.
"""

import dataclasses

from absl import flags

from keras_reid.data import LOADERS
from trainers.data_choice import load_chosen


@dataclasses.dataclass(frozen=True)
class FlagGroup:
    """Some flags as they were defined: {name: FlagHolder}."""

    holders: dict

    def __getattr__(self, name):
        try:
            return self.holders[name].value
        except KeyError:
            raise AttributeError(name) from None


class DataFlags(FlagGroup):
    """--dataset, --data and what single loaders take."""

    @classmethod
    def define(cls):
        return cls(
            {
                "dataset": flags.DEFINE_enum(
                    "dataset", "market1501", list(LOADERS), "Layout of the data."
                ),
                "data": flags.DEFINE_string(
                    "data",
                    None,
                    "Folder of the data set; with --dataset=csv the file.",
                    required=True,
                ),
                "acknowledge_withdrawn": flags.DEFINE_bool(
                    "acknowledge_withdrawn", False, "Read DukeMTMC-reID although withdrawn."
                ),
                "camid_policy": flags.DEFINE_enum(
                    "camid_policy", None, ["unique"], "CSV: give every image its own camera."
                ),
                "cuhk03_images": flags.DEFINE_enum(
                    "cuhk03_images", "detected", ["detected", "labeled"], "CUHK03: whose boxes."
                ),
                "include_val": flags.DEFINE_bool(
                    "include_val", False, "MSMT17: train on list_val.txt too."
                ),
            }
        )

    def load(self, progress=None):
        """The Dataset that the flags name; `progress(done, total)` while CUHK03 is unpacked."""
        return load_chosen(self, progress)
