"""Keras' own layer is the successor of TensorFlow Addons' InstanceNormalization."""

from pathlib import Path

import keras
import numpy as np


def test_group_normalisation_by_channel_equals_tensorflow_addons():
    golden = np.load(Path(__file__).parents[1] / "golden" / "addons.npz")
    layer = keras.layers.GroupNormalization(groups=-1, epsilon=1e-3, center=False, scale=False)
    output = layer(golden["instance_norm_input"])
    np.testing.assert_allclose(output, golden["instance_norm_output"], rtol=1e-4, atol=1e-5)
