"""What to say to a path into TensorFlow Addons where that package cannot be imported."""

import importlib
import importlib.util
import platform

from keras_reid import compat

PACKAGE = "tensorflow_addons"

# The last part of a path -> what does the same without the package.
SUCCESSORS = {
    "TripletHardLoss": "--loss=triplet",
    "triplet_hard_loss": "--loss=triplet",
    "TripletSemiHardLoss": "--loss=keras_reid.losses.as_keras:semihard_triplet",
    "triplet_semihard_loss": "--loss=keras_reid.losses.as_keras:semihard_triplet",
    "LAMB": "--optimizer=keras.optimizers:Lamb",
    "AdamW": "--optimizer=adamw",
    "LazyAdam": "--optimizer=adam",
    "SGDW": "--optimizer=keras.optimizers:SGD",
}


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


def why_not(module, name):
    """The end of a sentence: why the package is not there, and what to do."""
    installed = importlib.util.find_spec(PACKAGE) is not None
    successor = SUCCESSORS.get(name.split(".")[-1])
    instead = f"use {successor} instead, or " if successor else ""
    return (
        f"TensorFlow Addons {'does not work' if installed else 'is not installed'} here: it ended "
        "in 2024 and needs TensorFlow 2.15 and Python 3.10 or 3.11 (this is "
        f"{compat.STACK} on Python {platform.python_version()}); {instead}"
        "take the environment of requirements-addons.lock, which `make test-addons` builds"
    )
