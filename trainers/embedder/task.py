"""What training an embedder means to the common loop: batches, one update, validation."""

import tensorflow as tf

from keras_reid import compat
from keras_reid.data.augment import Augmentation
from keras_reid.data.identity_batches import IdentityBatches, ShuffledBatches
from keras_reid.data.pipeline import naming_bad_images, training_batches
from keras_reid.data.records import class_labels, num_identities
from keras_reid.models import build_reid_model
from trainers.embedder.config import NONE
from trainers.embedder.losses import EmbedderLosses
from trainers.optimizers import decays_weights, make_optimizer, penalty
from trainers.replicas import check_split, split_batch
from trainers.schedules import EpochSchedule
from trainers.training_config import MIXED_PRECISIONS
from trainers.validation import Validation


class EmbedderTask:
    """A task of `trainers.loop`.

    Args:
      config: EmbedderConfig.
      records: what to train on.
      held_out: records of other people to validate on; none: the last epoch is the best.
      strategy: a tf.distribute strategy.
    """

    def __init__(self, config, records, held_out, strategy):
        self._config = config
        self._records = records
        self._strategy = strategy
        self._replicas = strategy.num_replicas_in_sync
        labels = class_labels(records)
        self._sampler = (
            IdentityBatches(labels, config.persons, config.images_each, config.seed)
            if config.images_each
            else ShuffledBatches(len(records), config.batch_size, config.seed)
        )
        self.batch_size = self._sampler.batch_size
        self.steps_per_epoch = self._sampler.steps_per_epoch
        self.epochs = config.epochs
        self.validate_every = config.validate_every
        check_split(strategy, self.batch_size, max(config.images_each, 1))
        self._losses = EmbedderLosses(config)
        self._penalty = 0.0 if decays_weights(config.optimizer) else config.weight_decay

        with strategy.scope():
            self.model = build_reid_model(
                config.model,
                config.input_size,
                num_identities(records) if self._losses.classify else None,
                None if config.init_from == NONE else config.init_from,
                head=config.head,
                embedding_size=config.embedding_size,
                last_stride=config.last_stride,
                alpha=config.alpha,
                stripes=config.stripes,
                precision=MIXED_PRECISIONS[config.mixed_precision],
            )
            self.learning_rate_schedule = EpochSchedule(
                config.learning_rate, self.steps_per_epoch, config.epochs,
                warmup_epochs=config.warmup_epochs, decay=config.decay, decay_at=config.decay_at,
            )  # fmt: skip
            self.optimizer = make_optimizer(
                config.optimizer, self.learning_rate_schedule, weight_decay=config.weight_decay,
                loss_scaling=config.mixed_precision == "float16",
                variables=self.model.trainable_variables, args=config.optimizer_args,
            )  # fmt: skip
        self._losses.try_on(self.model.network.output["feature"].shape[-1])
        self.state = {"model": self.model, "optimizer": self.optimizer}
        self.selected_by = "map" if held_out else None
        self._validation = self._make_validation(held_out) if held_out else None

    def _make_validation(self, held_out):
        return Validation(self.model, held_out, self._config.cache_images)

    def batches(self, start_step):
        with naming_bad_images(self._records):
            for images, labels in self._augmented(self._sampler, start_step):
                yield split_batch(self._strategy, images, labels)

    def _augmented(self, sampler, start_step, memory=None):
        """Images and labels of every step from `start_step` on; arguments of `training_batches`."""
        config = self._config
        return training_batches(
            self._records, sampler, config.input_size,
            augmentation=Augmentation(
                pad=config.pad,
                flip_probability=0.5 if config.flip else 0.0,
                erase_probability=config.random_erasing,
            ),
            start_step=start_step, cache=config.cache_images, memory=memory,
        )  # fmt: skip

    @tf.function
    def train_step(self, *batch):
        """One update; the values of the losses, averaged over the whole batch."""
        values = self._strategy.run(self._on_replica, batch)
        return {
            name: self._strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in values.items()
        }

    def _on_replica(self, images, labels):
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            outputs = self.model.network(images, training=True)
            losses = self.losses(outputs, labels)
            # Sums over replicas are means over the batch.
            shares = {name: tf.reduce_sum(each) / self.batch_size for name, each in losses.items()}
            total = shares["loss"] + penalty(variables, self._penalty) / self._replicas
            scaled = compat.scaled_loss(self.optimizer, total)
        compat.apply_gradients(self.optimizer, tape.gradient(scaled, variables), variables)
        return shares

    def losses(self, outputs, labels):
        """{"loss": [n], and its parts} per image."""
        return self._losses(outputs, labels)

    def learning_rate(self, step):
        return float(self.learning_rate_schedule(step))

    def begin_epoch(self, epoch):
        """Nothing to prepare."""

    def validate(self):
        return self._validation.run() if self._validation else {}

    def pictures(self):
        """Nothing to show."""
        return {}
