"""Flags that several commands share: which model, which data. Used by entry modules only."""

from absl import flags

from keras_reid.models import load_model
from keras_reid.models.sizes import parse_size
from trainers.data_flags import DataFlags, FlagGroup

__all__ = ["DataFlags", "ModelFlags"]


class ModelFlags(FlagGroup):
    """--model and what a foreign model needs beside it."""

    @classmethod
    def define(cls):
        return cls(
            {
                "model": flags.DEFINE_string(
                    "model",
                    None,
                    "Workdir, .keras, OSNet's .pth, SavedModel folder or package.module:function.",
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
            input_size=parse_size(self.input_size),
            pixel_range=self.pixel_range,
            output=self.output_head,
            signature=self.signature,
        )

    def load_beside(self, source):
        """Another model; one that takes any size gets --input_size."""
        return load_model(source, default_size=parse_size(self.input_size))
