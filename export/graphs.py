"""From the contract's names to tf.functions, and the module that holds them."""

import tensorflow as tf

from keras_reid.errors import ReIDError

DTYPES = {"str": tf.string}


class Servable(tf.Module):
    """Holds what `tf.saved_model.save` keeps: graphs and raw tf.Variables, nothing of Keras.

    With a Keras 3 model or its Variables on it, Python would load the export and TF Serving would
    not find the variables.

    embed_images: float32 [N, H, W, 3] in [0, 1] -> [N, D], for white-box work on the export in
      Python; no signature. distance: () -> the name of what embeddings are to be compared by.
    """

    def __init__(self, embed, input_size, distance="euclidean"):
        super().__init__(name="servable")
        spec = tf.TensorSpec([None, *input_size, 3], tf.float32, name="images")
        self.embed_images = tf.function(
            lambda images: tf.cast(embed(images), tf.float32), input_signature=[spec]
        )
        self.distance = tf.function(lambda: tf.constant(distance), input_signature=[])
        # Tracing finds the raw tf.Variables, whatever object of whatever library owns them.
        self.weights = list(self.embed_images.get_concrete_function().graph.variables)

    def track(self, function):
        """Keeps the variables that only `function` (such as a head for logits) uses."""
        known = {id(variable) for variable in self.weights}
        for variable in function.get_concrete_function().graph.variables:
            if id(variable) not in known:
                self.weights.append(variable)


def graph_function(function, signature, sizes):
    """A tf.function over the inputs that the contract names, its outputs checked against it."""
    specs = [
        tf.TensorSpec(
            [None, *resolve(tensor.shape, sizes)], DTYPES.get(tensor.dtype, tensor.dtype), name
        )
        for name, tensor in signature.inputs.items()
    ]
    traced = tf.function(function, input_signature=specs)
    outputs = traced.get_concrete_function().structured_outputs
    for name, tensor in signature.outputs.items():
        dtype = tf.as_dtype(DTYPES.get(tensor.dtype, tensor.dtype))
        if name not in outputs or outputs[name].dtype != dtype:
            raise ReIDError(f"the graph breaks the contract: output {name} is not {dtype.name}")
    return traced


def resolve(shape, sizes):
    """Contract shape with its names replaced by this model's numbers."""
    return [sizes[dimension] if isinstance(dimension, str) else dimension for dimension in shape]
