"""An attack over many images: one compiled graph, uint8 in and uint8 out."""

import functools
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_reid.attacks import ATTACKS, NOISES, Guides, make_attack, round_inside
from keras_reid.data.images import to_images
from keras_reid.errors import ReIDError


class Attacked(NamedTuple):
    """What came out.

    pixels: uint8 [N, H, W, 3]. flat: bool [N], images whose gradient at the start is zero
    everywhere; None where the attack uses no gradient.
    """

    pixels: np.ndarray
    flat: np.ndarray | None


class AttackRunner:
    """Runs one named attack (or noise) batch by batch on a model.

    The graph is traced once: epsilon, steps and step size are inputs, and a short last batch is
    filled up, which changes nothing for the others because images never meet.

    Args:
      name: one of `ATTACKS` or `NOISES`.
      model: LoadedModel.
      batch_size: images per step.
      **settings: of `make_attack`, except step_size.
    """

    def __init__(self, name, model, *, batch_size=32, **settings):
        if name not in ATTACKS and name not in NOISES:
            raise ReIDError(
                f"attack {name!r} is unknown; use one of {', '.join([*NOISES, *ATTACKS])}"
            )
        self.name = name
        self.batch_size = batch_size
        self.attack = make_attack(name, **settings) if name in ATTACKS else None
        self._target = model.embed
        if name == "xent":
            if model.logits is None:
                raise ReIDError(
                    f"xent attacks logits and {model.source} has none; "
                    "train with --loss=classification or leave it out"
                )
            self._target = model.logits
        self._settings = settings
        # Our own code is a graph's already and converting it takes seconds; a model's may not be.
        self._target = tf.function(self._target)
        # A partial, because TensorFlow counts all runners' graphs as one function's otherwise and
        # warns of retracing.
        self._graph = tf.function(
            functools.partial(self._attack_batch), reduce_retracing=True, autograph=False
        )

    @property
    def guided(self):
        """Whether the attack has to be told where to go."""
        return self.attack is not None and self.attack.guides == "given"

    @property
    def differentiates(self):
        """Whether the attack uses the model's gradient."""
        return self.attack is not None and self.attack.gradient is None

    def run(self, pixels, guides=None, **how):
        """Attacks uint8 pixels [N, H, W, 3]; returns the pixels of `attacked`."""
        return self.attacked(pixels, guides, **how).pixels

    def attacked(self, pixels, guides=None, *, epsilon, step_size=1 / 255, steps=None, seeds):
        """Attacks uint8 pixels [N, H, W, 3]; `Attacked`, inside the ball as uint8 too.

        Args:
          guides: `Guides` of these images, or None.
          epsilon, step_size: floats in [0, 1].
          steps: int, None takes those of the settings; of a one-step attack, one.
          seeds: int64 [N], one key per image.
        """
        if steps is None:
            steps = 1 if self.attack is None else self.attack.steps
        found, flat = np.empty_like(pixels), np.zeros(len(pixels), bool)
        for start in range(0, len(pixels), self.batch_size):
            rows = slice(start, min(start + self.batch_size, len(pixels)))
            batch = pixels[rows]
            answer, still = self._graph(
                self._filled(batch),
                None if guides is None else tuple(map(self._filled, guides.rows(rows))),
                tf.constant(epsilon, tf.float32),
                tf.constant(step_size, tf.float32),
                tf.constant(steps, tf.int32),
                self._filled(seeds[rows]),
            )
            found[rows] = answer.numpy()[: len(batch)]
            flat[rows] = still.numpy()[: len(batch)]
        return Attacked(found, flat if self.differentiates else None)

    def _filled(self, values):
        """Repeats the first row until the batch is full; None stays None."""
        if values is None:
            return None
        missing = self.batch_size - len(values)
        return tf.constant(np.concatenate([values, np.repeat(values[:1], missing, axis=0)]))

    def _attack_batch(self, pixels, guides, epsilon, step_size, steps, seeds):
        images = to_images(pixels)
        flat = tf.zeros_like(seeds, tf.bool)
        if self.attack is None:
            adversarial = NOISES[self.name](images, epsilon=epsilon, seed=seeds)
        else:
            settings = dict(self._settings)
            if self.attack.step_size is not None:
                settings |= {"step_size": step_size, "steps": steps}
            attack = make_attack(self.name, **settings)
            if self.name == "xent":
                guides = predicted_classes(self._target(images))
            elif guides is not None:
                guides = Guides(*guides)
            adversarial, flat = attack.climbed(
                self._target, images, guides, epsilon=epsilon, seed=seeds
            )
        return round_inside(adversarial, pixels, epsilon), flat


def predicted_classes(logits):
    """Pushes each image from the class it is taken for: a test set's identities are no classes."""
    classes = tf.one_hot(tf.argmax(logits, axis=1), tf.shape(logits)[1])
    return Guides(push=classes[:, None, :])
