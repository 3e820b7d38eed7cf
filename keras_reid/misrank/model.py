"""Everything of a mis-ranking GAN that is trained: generator, trunks, mask head, temperature."""

import math

import keras
import tensorflow as tf

from keras_reid.attacks.checks import check_radius
from keras_reid.errors import ReIDError
from keras_reid.misrank.discriminator import SCALES, build_mask_head, build_trunks
from keras_reid.misrank.generator import build_generator
from keras_reid.misrank.perturb import clip01, perturbation
from keras_reid.misrank.pixel_budget import check_pixels
from keras_reid.misrank.pixel_mask import largest, sample_pixel_mask

# "learnt": by the mask head; "none": training attacks every pixel, and whoever then asks for fewer
# gets those where the noise is strongest.
MASKS = ("learnt", "none")


@keras.saving.register_keras_serializable(package="keras_reid")
class MisrankModel(keras.Model):
    """Attacks images: float32 [N, H, W, 3] in [0, 1] -> the same, perturbed.

    Called, it does what it was trained for, without chance; `perturbed` takes other radii and other
    numbers of pixels.

    Args:
      input_size: (height, width), multiples of 4.
      epsilon: radius in [0, 1] of the training.
      num_pixels: count of pixels of the training; 0: all.
      filters, blocks, norm: of the generator.
      discriminator: "multi_stage" or "patch".
      discriminator_filters: of its trunks and of the mask head.
      mask: one of `MASKS`.
      perturbation: "tanh" or "released".
      tau: temperature of the mask to begin with.
      precision: of generator and discriminator. A saved model loads as float32.
    """

    def __init__(
        self,
        input_size,
        *,
        epsilon=16 / 255,
        num_pixels=0,
        filters=32,
        blocks=6,
        norm="batch",
        discriminator="multi_stage",
        discriminator_filters=64,
        mask="learnt",
        perturbation="tanh",
        tau=0.5,
        precision="float32",
        name="misrank",
    ):
        super().__init__(name=name, dtype="float32")
        _check(discriminator, mask, tau)
        check_radius("epsilon", epsilon)
        check_pixels(num_pixels, int(input_size[0]) * int(input_size[1]))
        self.input_size = (int(input_size[0]), int(input_size[1]))
        self.epsilon, self.num_pixels, self.perturbation = epsilon, num_pixels, perturbation
        self.mask, self.tau = mask, tau
        self._sizes = {
            "filters": filters,
            "blocks": blocks,
            "norm": norm,
            "discriminator": discriminator,
            "discriminator_filters": discriminator_filters,
        }
        self.generator = build_generator(
            self.input_size, filters=filters, blocks=blocks, norm=norm, precision=precision
        )
        self.trunks = build_trunks(
            self.input_size, scales=SCALES[discriminator], filters=discriminator_filters,
            norm=norm, precision=precision,
        )  # fmt: skip
        self.mask_head = None
        if mask == "learnt":
            self.mask_head = build_mask_head(
                self.trunks, filters=discriminator_filters, precision=precision
            )
        self.log_tau = self.add_weight(
            name="log_tau", shape=(), initializer=keras.initializers.Constant(math.log(tau))
        )
        self.build((None, *self.input_size, 3))

    def build(self, input_shape):
        """Nothing left to make: the constructor made every variable."""
        self.built = True

    def call(self, images, training=False):
        return self.perturbed(images, self.epsilon, self.num_pixels, training=training)[0]

    def perturbed(self, images, epsilon, num_pixels, *, uniform=None, training=False):
        """Perturbs at most `num_pixels` pixels of each image.

        Args:
          images: float32 [N, H, W, 3] in [0, 1].
          epsilon: radius in [0, 1], float or [N].
          num_pixels: int or int [N]; 0, or more than there are: all; fewer than 0: none.
          uniform: [N, H*W] in [0, 1), the chance in the mask; None: none.
          training: batch statistics and a step of power iteration in the generator.

        Returns:
          (float32 [N, H, W, 3] inside the ball and, but for the training of the "released"
          perturbation, inside [0, 1], mask float32 [N, H, W, 1] of 0 and 1,
          perturbation float32 [N, H, W, 3] before the mask).
        """
        height, width = self.input_size
        raw = self.generator(images, training=training)
        noise = perturbation(raw, epsilon, self.perturbation)
        count = tf.cast(num_pixels, tf.int32)
        pixels = height * width
        count = tf.where((count == 0) | (count > pixels), pixels, count)
        if self.mask_head is None:
            strength = tf.reduce_sum(tf.abs(noise), axis=-1)
            mask = largest(tf.stop_gradient(tf.reshape(strength, [-1, pixels])), count)
        else:
            tau = tf.exp(tf.convert_to_tensor(self.log_tau))
            logits = self.mask_logits(images, tf.stop_gradient(noise))
            mask, _ = sample_pixel_mask(logits, count, tau, uniform)
        mask = tf.reshape(mask, [-1, height, width, 1])
        adversarial = images + mask * noise
        if not (training and self.perturbation == "released"):  # where nothing is cut off
            adversarial = clip01(adversarial)
        return adversarial, mask, noise

    def mask_logits(self, images, noise):
        """float32 [N, H*W]: the head's opinion on images and what would become of them.

        The trunks are constants here: what they learn is told by real and fake pairs.
        """
        features = self.trunks(pairs(images, clip01(images + noise)), training=False)
        features = {key: tf.stop_gradient(features[key]) for key in self.mask_head.input}
        return self.mask_head(features)

    def get_config(self):
        return {
            "input_size": [int(side) for side in self.input_size],
            "epsilon": self.epsilon,
            "num_pixels": self.num_pixels,
            **self._sizes,
            "mask": self.mask,
            "perturbation": self.perturbation,
            "tau": self.tau,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def pairs(images, others):
    """[N, H, W, 6]: what the trunks judge."""
    return tf.concat([images, others], axis=-1)


def _check(discriminator, mask, tau):
    if discriminator not in SCALES:
        raise ReIDError(
            f"discriminator {discriminator!r} is unknown; use one of {', '.join(SCALES)}"
        )
    if mask not in MASKS:
        raise ReIDError(f"mask {mask!r} is unknown; use one of {', '.join(MASKS)}")
    if not tau > 0:
        raise ReIDError(f"tau is {tau}; it must be positive")
