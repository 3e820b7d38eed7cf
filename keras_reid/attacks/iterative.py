"""The one loop behind every attack."""

import tensorflow as tf

from keras_reid.attacks import steps as parts


def image_gradient(objective, images):
    """Gradient of each image's objective in its own pixels; [N, H, W, 3]."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        # The sum couples nothing: in inference mode image i only reaches objective i.
        total = tf.reduce_sum(objective(images))
    return tape.gradient(total, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def exact_gradient(objective, images, index):
    """`image_gradient`, whatever the step."""
    del index
    return image_gradient(objective, images)


def ascend(objective, images, start, *, epsilon, steps, step_size, decay, gradient=exact_gradient):
    """Climbs `objective` with signed steps inside an L-infinity ball.

    x <- clip01(project_epsilon(x + step_size * sign(v))), v <- decay * v + g / ||g||_1.

    A `tf.while_loop`, so that it also runs as the graph of a served signature, where every image
    brings its own number of steps: an image that has had its own stays still while others go on.

    Args:
      objective: images [N, H, W, 3] -> [N].
      images: float32 [N, H, W, 3] in [0, 1], the centre of the ball.
      start: float32, same shape, where the climb begins.
      epsilon, step_size: float32 [N].
      steps: int32 [N].
      decay: momentum, float; 0 steps along the gradient's own sign.
      gradient: (objective, images, index of the step) -> [N, H, W, 3], exact or estimated.

    Returns:
      (float32 [N, H, W, 3], bool [N]: whether the gradient of the first step was zero everywhere,
      so that nothing climbed; False where no step was taken).
    """
    radius = parts.as_column(epsilon)
    stride = parts.as_column(step_size)
    own_steps = parts.as_column(steps)
    last = tf.reduce_max(tf.concat([steps, [0]], axis=0))  # an empty batch has no maximum

    def step(index, adversarial, velocity, flat):
        slope = gradient(objective, adversarial, index)
        flat |= (index == 0) & (steps > 0) & tf.reduce_all(slope == 0.0, axis=[1, 2, 3])
        velocity = parts.accumulate(velocity, slope, decay)
        moved = parts.project(adversarial + stride * tf.sign(velocity), images, radius)
        return index + 1, tf.where(index < own_steps, moved, adversarial), velocity, flat

    _, adversarial, _, flat = tf.while_loop(
        lambda index, *_: index < last,
        step,
        (tf.constant(0), start, tf.zeros_like(images), tf.zeros_like(steps, tf.bool)),
        parallel_iterations=1,
        shape_invariants=(tf.TensorShape([]), images.shape, images.shape, steps.shape),
    )
    return adversarial, flat
