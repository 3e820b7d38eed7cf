"""The trained generator as an attack: one pass, no chance, each image by itself."""

import os
from pathlib import Path

import tensorflow as tf

from keras_reid.attacks.checks import check_count, check_images, check_radius
from keras_reid.attacks.steps import per_image
from keras_reid.errors import ReIDError
from keras_reid.misrank.model import MisrankModel
from keras_reid.misrank.pixel_budget import check_pixels
from keras_reid.models.sources import MODEL_FILE
from keras_reid.models.weights import read_keras_file


class MisrankAttack:
    """Perturbs images in one pass of the generator; also inside a graph, with radii as inputs.

    Args:
      model: MisrankModel.
    """

    def __init__(self, model):
        self.model = model
        self.input_size = tuple(model.input_size)

    def __call__(self, images, epsilon=None, num_pixels=None):
        """Perturbs each image; deterministic, and whatever else is in the batch.

        Args:
          images: float32 [N, H, W, 3] in [0, 1], of the generator's size.
          epsilon: radius in [0, 1], float or [N]; None: that of the training. One that is not
            finite leaves its image as it is (in an eager call it is refused).
          num_pixels: int or int [N], most pixels to change; 0: all; None: that of the training.

        Returns:
          (float32 [N, H, W, 3] inside the ball and [0, 1], float32 [N, H, W, 1] mask). What
          `keras_reid.attacks.round_inside` makes of it is inside the ball and changes the mask's
          pixels alone.

        Raises:
          ReIDError: images of another size or range; in eager calls, values out of range.
        """
        images = check_images(images)
        if not images.shape[1:].is_compatible_with((*self.input_size, 3)):
            raise ReIDError(
                f"the generator takes crops of {self.input_size[0]}x{self.input_size[1]} (height x "
                f"width), not {images.shape[1]}x{images.shape[2]}; resize them, or train another"
            )
        count = tf.shape(images)[0]
        epsilon = self.model.epsilon if epsilon is None else epsilon
        num_pixels = self.model.num_pixels if num_pixels is None else num_pixels
        for name, value in (("epsilon", epsilon), ("num_pixels", num_pixels)):
            check_count(name, value, count)
        check_radius("epsilon", epsilon)
        check_pixels(num_pixels, self.input_size[0] * self.input_size[1])
        adversarial, mask, _ = self.model.perturbed(
            images,
            usable_radius(per_image(epsilon, count)),
            per_image(num_pixels, count, tf.int32),
        )
        return adversarial, mask


def usable_radius(epsilon):
    """Radii [N] as the attack uses them: in [0, 1], and 0 for what is no number."""
    return tf.where(tf.math.is_finite(epsilon), tf.clip_by_value(epsilon, 0.0, 1.0), 0.0)


def load_attack(source):
    """The MisrankAttack in a workdir of trainers.train_misrank, or in its model.keras.

    Raises:
      ReIDError: nothing there, or another kind of model.
    """
    path = Path(os.fspath(source))
    path = path / MODEL_FILE if path.is_dir() else path
    if not path.exists():
        raise ReIDError(f"there is no generator at {path}; give the workdir of a mis-ranking run")
    model = read_keras_file(path)
    if not isinstance(model, MisrankModel):
        raise ReIDError(
            f"{path} holds a {type(model).__name__} and no mis-ranking generator; give the workdir "
            "of trainers.train_misrank"
        )
    return MisrankAttack(model)
