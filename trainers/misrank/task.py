"""What training a mis-ranking generator means to the common loop."""

import tensorflow as tf

from keras_reid.data.augment import Augmentation
from keras_reid.data.identity_batches import IdentityBatches
from keras_reid.data.pipeline import naming_bad_images, training_batches
from keras_reid.data.records import class_labels
from keras_reid.errors import ReIDError
from keras_reid.misrank import MisrankModel, MisrankStep, annealed, as_victim
from keras_reid.misrank.step import discriminator_variables, generator_variables
from trainers.misrank.config import make_objective
from trainers.misrank.validation import MisrankValidation
from trainers.optimizers import make_optimizer
from trainers.replicas import check_split, split_batch
from trainers.schedules import EpochSchedule
from trainers.training_config import MIXED_PRECISIONS


class MisrankTask:
    """A task of `trainers.loop` with two optimizers: of the generator and of the discriminator.

    Args:
      config: MisrankConfig.
      loaded: LoadedModel, the victim.
      records: what to train on.
      held_out: records of other people to validate on; none: the last epoch is the best.
      strategy: a tf.distribute strategy.
      labels_are_classes: whether the people's labels are the victim's classes; if not, its own
        opinion of the clean images stands for them.
    """

    def __init__(self, config, loaded, records, held_out, strategy, *, labels_are_classes):
        self._config, self._records, self._strategy = config, records, strategy
        self._labels_are_classes = labels_are_classes
        self._sampler = IdentityBatches(
            class_labels(records), config.persons, config.images_each, config.seed
        )
        self.batch_size = self._sampler.batch_size
        self.steps_per_epoch = self._sampler.steps_per_epoch
        self.epochs, self.validate_every = config.epochs, config.validate_every
        self._pixels = config.input_size[0] * config.input_size[1]
        check_persons(strategy, config)
        with strategy.scope():
            self._make_networks(config, loaded)
        self.selected_by = "map_fall" if held_out else None
        self._validation = None
        if held_out:
            self._validation = MisrankValidation(
                self.model, loaded, held_out, config.cache_images,
                epsilon=config.epsilon, num_pixels=self.model.num_pixels,
            )  # fmt: skip

    def _make_networks(self, config, loaded):
        self.model = MisrankModel(
            config.input_size, epsilon=config.epsilon,
            num_pixels=0 if config.num_pixels is None else config.pixel_count,
            filters=config.filters, blocks=config.blocks, norm=config.norm,
            discriminator=config.discriminator,
            discriminator_filters=config.discriminator_filters, mask=config.mask,
            perturbation=config.perturbation, tau=config.tau,
            precision=MIXED_PRECISIONS[config.mixed_precision],
        )  # fmt: skip
        self._schedule = EpochSchedule(
            config.learning_rate, self.steps_per_epoch, config.epochs,
            warmup_epochs=config.warmup_epochs, decay=config.decay, decay_at=config.decay_at,
        )  # fmt: skip
        learnt = {"temperature": config.temperature, "head": config.mask_head}
        optimizers = {
            "generator_optimizer": self._optimizer(generator_variables(self.model, **learnt)),
            "discriminator_optimizer": self._optimizer(discriminator_variables(self.model)),
        }
        self._step = MisrankStep(
            self.model, as_victim(loaded), make_objective(config), **optimizers, **learnt
        )
        self.state = {"model": self.model, **optimizers}

    def _optimizer(self, variables):
        return make_optimizer(
            "adam", self._schedule, variables=variables, beta_1=0.5,
            loss_scaling=self._config.mixed_precision == "float16",
        )  # fmt: skip

    def batches(self, start_step):
        config = self._config
        batches = training_batches(
            self._records, self._sampler, config.input_size,
            augmentation=Augmentation(
                pad=config.pad, flip_probability=0.5 if config.flip else 0.0, erase_probability=0.0
            ),
            start_step=start_step, cache=config.cache_images,
        )  # fmt: skip
        with naming_bad_images(self._records):
            for place, (images, labels) in batches.enumerate(start_step):
                yield (*split_batch(self._strategy, images, labels), place)

    @tf.function
    def train_step(self, images, labels, step):
        """One update of both networks; the values, averaged over the replicas."""
        values = self._strategy.run(self._on_replica, (images, labels, step))
        return {
            name: self._strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
            for name, value in values.items()
        }

    def _on_replica(self, images, labels, step):
        """The chance in the mask is that of the seed and the step, a row of it for each image."""
        config = self._config
        key = tf.stack([tf.constant(config.seed, tf.int64), step])
        uniform = tf.random.stateless_uniform([self.batch_size, self._pixels], key, alg="philox")
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        shares = [self._strategy.num_replicas_in_sync, -1, self._pixels]
        uniform = tf.reshape(uniform, shares)[replica]
        count = annealed(
            config.pixel_count, self._pixels, step, config.anneal_epochs * self.steps_per_epoch
        )
        return self._step(
            images, labels, count, uniform=uniform,
            classes=labels if self._labels_are_classes else None,
        )  # fmt: skip

    def learning_rate(self, step):
        return float(self._schedule(step))

    def begin_epoch(self, epoch):
        """Nothing to prepare."""

    def validate(self):
        return self._validation.run() if self._validation else {}

    def pictures(self):
        return self._validation.pictures() if self._validation else {}


def check_persons(strategy, config):
    """Refuses a batch that leaves a replica without strangers to rank."""
    batch_size = config.persons * config.images_each
    check_split(strategy, batch_size, config.images_each)
    if config.persons < 2 * strategy.num_replicas_in_sync:
        raise ReIDError(
            f"--persons={config.persons} leaves each of {strategy.num_replicas_in_sync} replicas "
            "one person, and mis-ranking needs strangers; use two for each replica, or more"
        )
