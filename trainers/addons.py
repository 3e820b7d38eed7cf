"""What to say to a path into TensorFlow Addons where that package cannot be imported."""

import importlib
import importlib.util
import platform

from keras_reid import compat

PACKAGE = "tensorflow_addons"

# The last part of a path -> what does the same without the package.
SUCCESSORS = {
    "TripletHardLoss": "--loss=keras_reid.losses.as_keras:hard_triplet",
    "triplet_hard_loss": "--loss=keras_reid.losses.as_keras:hard_triplet",
    "TripletSemiHardLoss": "--loss=keras_reid.losses.as_keras:semihard_triplet",
    "triplet_semihard_loss": "--loss=keras_reid.losses.as_keras:semihard_triplet",
    "LAMB": "--optimizer=keras.optimizers:Lamb",
    "AdamW": "--optimizer=adamw",
    "LazyAdam": "--optimizer=adam",
    "SGDW": "--optimizer=keras.optimizers:SGD",
}


# These take weight decay off as it is; Keras' take it times the learning rate.
OTHER_DECAY = ("AdamW", "SGDW")


def is_addons(module):
    """Whether a dotted path leads into the package, under its name or the one that people say."""
    return module.split(".")[0] in (PACKAGE, "tfa")


def importable():
    """Whether the package itself can be imported."""
    try:
        importlib.import_module(PACKAGE)
    # On a TensorFlow that is too new for it, it fails in whatever it happens to touch first.
    except Exception:
        return False
    return True


def decays_without_rate(optimizer):
    """Whether an optimizer takes weight decay off as it is, where others take it times the rate."""
    return any(base.__name__ == "DecoupledWeightDecayExtension" for base in optimizer.__mro__)


def why_not(module, name):
    """The end of a sentence: why the package is not there, and what to do."""
    if not compat.KERAS_3:
        return (
            f"TensorFlow Addons cannot be imported here ({compat.STACK}, Python "
            f"{platform.python_version()}); pip install 'tensorflow-addons==0.23.*', with Python "
            "3.10 or 3.11"
        )
    installed = importlib.util.find_spec(PACKAGE) is not None
    successor = SUCCESSORS.get(name.split(".")[-1])
    decay = ", whose decay is times the learning rate" if name in OTHER_DECAY else ""
    instead = f"use {successor} instead{decay}, or " if successor else ""
    return (
        f"TensorFlow Addons {'does not work' if installed else 'is not installed'} here: it ended "
        "in 2024 and needs TensorFlow 2.15 and Python 3.10 or 3.11 (this is "
        f"{compat.STACK} on Python {platform.python_version()}); {instead}"
        "take the environment of requirements-addons.lock, which `make test-addons` builds"
    )
