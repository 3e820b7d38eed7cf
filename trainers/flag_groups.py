"""Flags that several commands share: of model, data, generator. Used by entry modules only."""

from pathlib import Path

from absl import flags

from keras_reid.errors import ReIDError
from keras_reid.evaluation.generator import load_generator
from keras_reid.misrank import parse_num_pixels
from keras_reid.models import load_model
from keras_reid.models.sizes import parse_size
from keras_reid.retrieval import AVERAGE_PRECISIONS
from keras_reid.retrieval.distances import CHOICES
from trainers.data_flags import DataFlags, FlagGroup

__all__ = ["DataFlags", "GeneratorFlags", "ModelFlags"]


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


class GeneratorFlags(FlagGroup):
    """--misrank and --num_pixels: a trained generator beside the other attacks."""

    @classmethod
    def define(cls):
        return cls(
            {
                "misrank": flags.DEFINE_string(
                    "misrank", None, "Workdir of trainers.train_misrank: one more attack."
                ),
                "num_pixels": define_num_pixels(),
            }
        )

    def load(self):
        """The Generator that the flags name, or None."""
        wanted = pixels_from(self.num_pixels)
        if self.misrank is None:
            if wanted is not None:
                raise ReIDError("--num_pixels is of the generator; name one with --misrank")
            return None
        return load_generator(self.misrank, wanted)


def define_num_pixels():
    """--num_pixels, as the commands have it that run a generator."""
    return flags.DEFINE_string(
        "num_pixels", "none",
        "Pixels that the generator may change: a count, a share such as 0.5, or none for all.",
    )  # fmt: skip


def pixels_from(text):
    """The int, float or None that --num_pixels means, or a ReIDError that names the flag."""
    try:
        return parse_num_pixels(text)
    except ValueError as error:
        raise ReIDError(
            f"--num_pixels={text} is neither a count from 1, nor a share such as 0.5, nor none"
        ) from error


def define_ranking():
    """--metric and --average_precision."""
    flags.DEFINE_enum(
        "metric", "own", list(CHOICES), "Distance of the ranking; own: the model's own."
    )
    flags.DEFINE_enum(
        "average_precision", "standard", list(AVERAGE_PRECISIONS), "Which average precision."
    )


def measuring_from(values):
    """What the plans of evaluations take from flags of the same names."""
    names = ("metric", "average_precision", "batch_size")
    return {name: values[name].value for name in names}


def workdir_from(values):
    """The Path of --workdir, or a ReIDError where a file lies there."""
    workdir = Path(values.workdir)
    if workdir.exists() and not workdir.is_dir():
        raise ReIDError(f"{workdir} is a file; choose a folder as --workdir")
    return workdir
