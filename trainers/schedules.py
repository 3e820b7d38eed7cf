"""The learning rate as a function of the step."""

import keras
import tensorflow as tf

from keras_reid.errors import ReIDError

DECAYS = ("constant", "step", "exponential", "cosine")


@keras.saving.register_keras_serializable(package="keras_reid")
class EpochSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Warm-up and decay, both told in epochs.

    Args:
      base: the full learning rate.
      steps_per_epoch: how many steps make an epoch.
      epochs: of the whole run; where "cosine" ends.
      warmup_epochs: the rate climbs linearly from a tenth over so many epochs.
      decay: "constant"; "step": times 0.1 at each of `decay_at`; "exponential": times
        0.001 ** ((epoch - start) / 100) after the epoch `decay_at[0]`, as released with the metric
        attacks' triplet model; "cosine": down to a hundredth, from the warm-up to the end.
      decay_at: epochs.
    """

    def __init__(self, base, steps_per_epoch, epochs, *, warmup_epochs=0, decay="constant",
                 decay_at=()):  # fmt: skip
        if decay not in DECAYS:
            raise ReIDError(f"decay {decay!r} is unknown; use one of {', '.join(DECAYS)}")
        if (decay in ("step", "exponential")) != bool(decay_at):
            raise ReIDError(f"decay {decay} and decay_at {list(decay_at)} do not go together")
        self.base = base
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.warmup_epochs = warmup_epochs
        self.decay = decay
        self.decay_at = tuple(decay_at)

    def __call__(self, step):
        epoch = tf.cast(step, tf.float32) / self.steps_per_epoch
        return self.base * self._warmup(epoch) * self._decay(epoch)

    def _warmup(self, epoch):
        if not self.warmup_epochs:
            return 1.0
        return 0.1 + 0.9 * tf.minimum(epoch / self.warmup_epochs, 1.0)

    def _decay(self, epoch):
        if self.decay == "step":
            passed = tf.reduce_sum(tf.cast(epoch >= tf.constant(self.decay_at, tf.float32),
                                           tf.float32))  # fmt: skip
            return 0.1**passed
        if self.decay == "exponential":
            return 0.001 ** (tf.maximum(epoch - self.decay_at[0], 0.0) / 100.0)
        if self.decay == "cosine":
            span = max(self.epochs - self.warmup_epochs, 1)
            share = tf.clip_by_value((epoch - self.warmup_epochs) / span, 0.0, 1.0)
            return 0.01 + 0.99 * 0.5 * (1.0 + tf.cos(3.14159265 * share))
        return 1.0

    def get_config(self):
        return {
            "base": self.base,
            "steps_per_epoch": self.steps_per_epoch,
            "epochs": self.epochs,
            "warmup_epochs": self.warmup_epochs,
            "decay": self.decay,
            "decay_at": list(self.decay_at),
        }
