"""Which model, and what a foreign one needs beside it: flags of the export commands."""

from absl import flags

from keras_reid.models import load_model
from keras_reid.models.sizes import parse_size


def define_model_flags(required=True):
    """--model, --input_size, --pixel_range, --output_head, --signature."""
    flags.DEFINE_string(
        "model",
        None,
        "Workdir, .keras file, SavedModel directory or package.module:function.",
        required=required,
    )
    flags.DEFINE_string("input_size", None, "Height,width where the model does not fix it.")
    flags.DEFINE_string(
        "pixel_range", None, "Pixels a foreign model expects: 0,1 (default), 0,255 or -1,1."
    )
    flags.DEFINE_string("output_head", None, "Embedding output of a foreign model.")
    flags.DEFINE_string("signature", None, "Signature of a foreign SavedModel.")


def load(values):
    """The LoadedModel that the flags name."""
    return load_model(
        values.model,
        input_size=parse_size(values.input_size),
        pixel_range=values.pixel_range,
        output=values.output_head,
        signature=values.signature,
    )
