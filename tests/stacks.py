"""Marks for tests that only one of the two stacks can run, each with its reason."""

import pytest

from keras_reid import compat

main_only = pytest.mark.skipif(
    not compat.KERAS_3, reason=f"needs Keras 3; this is {compat.STACK}, where TensorFlow Addons are"
)
addons_only = pytest.mark.skipif(
    compat.KERAS_3,
    reason=f"needs TensorFlow Addons, which ended with TensorFlow 2.15; this is {compat.STACK}",
)

# A loss and an optimizer of other people's that come with this stack.
if compat.KERAS_3:
    PAIR = {"loss": "keras.losses:Circle", "optimizer": "keras.optimizers:Lion"}
else:
    PAIR = {
        "loss": "tensorflow_addons.losses:TripletSemiHardLoss",
        "optimizer": "tensorflow_addons.optimizers:LAMB",
    }
