"""What is minimised: the built-in losses, or a plug-in beside the identity loss."""

import tensorflow as tf

from keras_reid.losses import aligned_triplet, batch_hard_triplet, label_smoothed_cross_entropy
from trainers import plugins
from trainers.plugin_loss import PluginLoss


class EmbedderLosses:
    """The losses of an EmbedderConfig.

    Attributes:
      classify: whether the identity loss is among them, and the model needs a classifier.
    """

    def __init__(self, config):
        self._config = config
        self._plugin = None
        self.classify = has_classifier(config)
        if plugins.is_path(config.loss):
            self._plugin = PluginLoss(
                config.loss, config.loss_args, unit_length=config.loss_unit_length
            )

    def try_on(self, width):
        """Calls a plug-in on a made-up batch of embeddings [N, width]; ReIDError if it fails."""
        if self._plugin:
            config = self._config
            self._plugin.try_on(config.images_per_step, config.images_each, width)

    def __call__(self, outputs, labels):
        """{"loss": [n], and its parts} per image.

        Args:
          outputs: of the model's `network`, for n images.
          labels: [n].
        """
        config = self._config
        parts, weights = {}, {}
        if self.classify:
            parts["identity_loss"] = self._identity(outputs, labels)
            weights["identity_loss"] = config.identity_weight if self._plugin else 1.0
        # Both compare images within the replica: embeddings do not travel.
        if self._plugin:
            parts["plugin_loss"] = self._plugin(labels, outputs["feature"])
            weights["plugin_loss"] = 1.0
        elif config.loss != "classification":
            parts["triplet_loss"] = batch_hard_triplet(
                outputs["feature"], labels, margin=config.margin
            )
            weights["triplet_loss"] = config.triplet_weight
            if "stripes" in outputs:
                parts["stripes_loss"] = aligned_triplet(
                    outputs["feature"], outputs["stripes"], labels, margin=config.margin
                )
                weights["stripes_loss"] = config.triplet_weight
        loss = tf.add_n([weights[name] * value for name, value in parts.items()])
        return {"loss": loss, **(parts if len(parts) > 1 else {})}

    def _identity(self, outputs, labels):
        """Of the model's classifier, or summed over those of its parts."""
        smoothing = self._config.label_smoothing
        if "part_logits" not in outputs:
            return label_smoothed_cross_entropy(outputs["logits"], labels, smoothing=smoothing)
        return tf.add_n(
            [
                label_smoothed_cross_entropy(logits, labels, smoothing=smoothing)
                for logits in tf.unstack(outputs["part_logits"], axis=1)
            ]
        )


def has_classifier(config):
    """Whether the identity loss is part of what is minimised."""
    if plugins.is_path(config.loss):
        return config.identity_weight > 0
    return config.loss != "triplet"
