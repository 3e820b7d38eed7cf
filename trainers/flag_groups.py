"""Flags that several commands share: which model, which data. Used by entry modules only."""

import dataclasses

from absl import flags

from keras_reid.data import LOADERS
from keras_reid.errors import ReIDError
from keras_reid.models import load_model
from trainers.data_choice import load_chosen


def whole_size(text):
    """ "256,128" -> (256, 128), or a ReIDError."""
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise ReIDError(f"--input_size={text} is no size; write height,width such as 256,128")
    return int(parts[0]), int(parts[1])


@dataclasses.dataclass(frozen=True)
class FlagGroup:
    """Some flags as they were defined: {name: FlagHolder}."""

    holders: dict

    def __getattr__(self, name):
        try:
            return self.holders[name].value
        except KeyError:
            raise AttributeError(name) from None


class ModelFlags(FlagGroup):
    """--model and what a foreign model needs beside it."""

    @classmethod
    def define(cls):
        return cls(
            {
                "model": flags.DEFINE_string(
                    "model",
                    None,
                    "Workdir, .keras file, SavedModel directory or package.module:function.",
                    required=True,
                ),
                "input_size": flags.DEFINE_string(
                    "input_size", None, "Height,width of the crops, where the model takes any."
                ),
                "pixel_range": flags.DEFINE_string(
                    "pixel_range", None, "Pixels a foreign model expects: 0,1 or 0,255 or -1,1."
                ),
                "output_head": flags.DEFINE_string(
                    "output_head", None, "Which output of a foreign model is the embedding."
                ),
                "signature": flags.DEFINE_string(
                    "signature", None, "Signature of a foreign SavedModel."
                ),
            }
        )

    def load(self):
        """The LoadedModel that the flags name."""
        return load_model(
            self.model,
            input_size=whole_size(self.input_size) if self.input_size else None,
            pixel_range=self.pixel_range,
            output=self.output_head,
            signature=self.signature,
        )


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
