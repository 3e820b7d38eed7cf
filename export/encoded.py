"""The second, unbatched servable: JPEG or PNG bytes in.

Apart, because an image that cannot be decoded fails every request that was merged with it.
"""

import tensorflow as tf

from export import signatures
from export.encoded_guard import refuse_large
from export.graphs import Servable, graph_function
from keras_reid.data.images import decode_and_resize
from serving import contract

DECODED_AT_ONCE = 4  # each takes up to 15 bytes for a pixel, decoded and then as floats


def build_encoded(model, limits):
    """Returns (Servable, {signature name: tf.function}) with embed_encoded and decode."""
    module = Servable(model.embed, model.input_size, model.distance)

    def decode(encoded):
        # Unbatched, so an assertion hurts only the request that deserves it.
        longest = tf.reduce_max(tf.concat([tf.strings.length(encoded), [0]], axis=0))
        message = (
            f"an encoded image is longer than {limits.encoded_bytes} bytes; send a smaller one"
        )
        crowd = f"more than {limits.batch} encoded images; send them in several requests"
        with tf.control_dependencies(
            [
                tf.debugging.assert_less_equal(longest, limits.encoded_bytes, message=message),
                tf.debugging.assert_less_equal(tf.size(encoded), limits.batch, message=crowd),
            ]
        ):
            encoded = tf.identity(encoded)
        return tf.map_fn(
            lambda item: decode_and_resize(
                refuse_large(item, limits.encoded_pixels), model.input_size
            ),
            encoded,
            parallel_iterations=DECODED_AT_ONCE,
            fn_output_signature=tf.TensorSpec([*model.input_size, 3], tf.uint8),
        )

    def embed(encoded):
        pixels = tf.ensure_shape(decode(encoded), [None, *model.input_size, 3])
        return signatures.embed_graph(module.embed_images)(pixels)

    sizes = {"height": model.input_size[0], "width": model.input_size[1]}
    embed = graph_function(embed, contract.EMBED_ENCODED_SIGNATURE, sizes)
    functions = {
        contract.DEFAULT_SIGNATURE: embed,
        contract.EMBED_ENCODED: embed,
        contract.DECODE: graph_function(
            lambda encoded: {"images": decode(encoded)}, contract.DECODE_SIGNATURE, sizes
        ),
    }
    module.functions = functions
    return module, functions
