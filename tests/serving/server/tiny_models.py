"""SavedModels of a few bytes, saved as anyone would save one: a tf.Module with signatures."""

import tensorflow as tf


def spec(shape, dtype, name):
    return tf.TensorSpec(shape, dtype, name=name)


class Affine(tf.Module):
    """y = x W + epsilon, and signatures of other kinds beside it."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = scale
        self.weight = tf.Variable([[2.0, 0.0], [0.0, 3.0]])

    @tf.function(
        input_signature=[spec([None, 2], tf.float32, "x"), spec([], tf.float32, "epsilon")]
    )
    def affine(self, x, epsilon):
        return {"y": self.scale * x @ self.weight + epsilon}

    @tf.function(
        input_signature=[spec([None, 2], tf.float32, "x"), spec([None, 2], tf.float32, "z")]
    )
    def pair(self, x, z):
        return {"total": x + z, "product": x * z}

    @tf.function(input_signature=[spec([None, 2], tf.float32, "x")])
    def summed(self, x):
        return {"rows": tf.reduce_sum(x, axis=1), "total": tf.reduce_sum(x)}

    @tf.function(input_signature=[spec([None], tf.string, "text")])
    def strings(self, text):
        return {"echo": text, "echo_bytes": text}

    @tf.function(input_signature=[spec([None, None], tf.uint8, "pixels")])
    def pixels(self, pixels):
        return {"inverted": 255 - pixels}

    @tf.function(
        input_signature=[
            spec([None], tf.int32, "i32"),
            spec([None], tf.int64, "i64"),
            spec([None], tf.bool, "flag"),
            spec([None], tf.float64, "f64"),
        ]
    )
    def kinds(self, i32, i64, flag, f64):
        return {"i32": i32, "i64": i64, "flag": flag, "f64": f64}

    @tf.function(input_signature=[spec([None], tf.float16, "h")])
    def half(self, h):
        return {"h": h + 1}

    @tf.function(input_signature=[spec([None, 2], tf.float32, "x")])
    def fails(self, x):
        with tf.control_dependencies([tf.debugging.assert_less(x, 10.0, message="x" * 2000)]):
            return {"y": tf.identity(x)}

    @tf.function(input_signature=[spec([None], tf.int32, "steps")])
    def slow(self, steps):
        """About a millisecond a step."""
        work = tf.while_loop(
            lambda i, a: i < tf.reduce_max(steps),
            lambda i, a: (i + 1, tf.matmul(a, a) * 1e-3),
            [0, tf.ones([200, 200])],
        )
        return {"steps": tf.fill(tf.shape(steps), work[0])}


def save(module, base_path, version=1, names=None):
    """Writes `<base_path>/<version>/`, aside and then renamed as a publisher should.

    names: {signature key: method name}; the default signature is `affine` where left out.
    """
    names = names or {"serving_default": "affine"}
    signatures = {key: getattr(module, name) for key, name in names.items()}
    aside = base_path / f"tmp-{version}"
    tf.saved_model.save(module, str(aside), signatures=signatures)
    final = base_path / str(version)
    aside.rename(final)
    return final


def save_affine(base_path, version=1, *, scale=1.0):
    names = ["pair", "summed", "strings", "pixels", "kinds", "half", "fails", "slow"]
    signatures = {"serving_default": "affine", **dict(zip(names, names, strict=True))}
    return save(Affine(scale), base_path, version, signatures)


def save_single_input(base_path):
    return save(Affine(), base_path, names={"serving_default": "summed", "pixels": "pixels"})


def save_with_defaults(base_path):
    """`epsilon` may be left out: a constant default becomes part of the signature."""
    half = tf.constant(0.5)

    class WithDefaults(tf.Module):
        @tf.function(
            input_signature=[spec([None, 2], tf.float32, "x"), spec([], tf.float32, "epsilon")]
        )
        def shift(self, x, epsilon=half):
            return {"y": x + epsilon}

    return save(WithDefaults(), base_path, names={"serving_default": "shift"})
