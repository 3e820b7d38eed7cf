"""What defended training means to the common loop: the embedder's task, its batches attacked."""

import numpy as np
import tensorflow as tf

from keras_reid.data.images import pixel_batches
from keras_reid.data.pipeline import load_pixels, naming_bad_images
from keras_reid.data.records import class_labels
from keras_reid.defenses import GuideBatches, MemoryBank, embedding_consistency, mix
from keras_reid.errors import ReIDError
from keras_reid.evaluation.embed import Embedder
from trainers.embedder.task import EmbedderTask
from trainers.goat.crafting import image_keys, make_crafting
from trainers.goat.validation import RobustValidation
from trainers.replicas import split_batch

EMBEDDED_AT_A_TIME = 64


class RobustTask(EmbedderTask):
    """Training an embedder whose best weights are chosen under attack, too.

    Args: as of `EmbedderTask`; config: GoatConfig.
    """

    def __init__(self, config, records, held_out, strategy):
        super().__init__(config, records, held_out, strategy)
        self.selected_by = config.select_by if held_out else None

    def _make_validation(self, held_out):
        config = self._config
        return RobustValidation(
            self.model, held_out, config.cache_images,
            attacks=config.validation_attacks, steps=config.validation_steps,
            epsilon=config.epsilon,
        )  # fmt: skip


class GoatTask(RobustTask):
    """Guide-sampling online adversarial training.

    Every step attacks its batch, or a part of it, with guides drawn from the training set, and
    updates on what comes out; attack and update are one graph.

    Source: Bouniot et al. 2020, section 4.
    """

    def __init__(self, config, records, held_out, strategy):
        labels = class_labels(records)
        self._crafting = make_crafting(config, labels)
        if config.attack_batch_norm != "inference" and strategy.num_replicas_in_sync > 1:
            raise ReIDError(
                f"--attack_batch_norm={config.attack_batch_norm} works on one device; use "
                "--strategy=none, or inference"
            )
        super().__init__(config, records, held_out, strategy)
        self._labels = labels
        self._memory = load_pixels(records, config.input_size) if config.cache_images else None
        self._bank = None
        if self._crafting.guiding.needs_bank:
            with strategy.scope():
                self._bank = MemoryBank(labels, _width(self.model))
            self.state = {**self.state, **self._bank.state}
            size = min(EMBEDDED_AT_A_TIME, len(records))
            self._embedder = Embedder(self.model.embed, config.input_size, size)

    def begin_epoch(self, epoch):
        """Refreshes the memory bank with the model as it is now."""
        if self._bank is not None:
            self._bank.refresh(np.concatenate([self._embedder(p) for p in self._training_pixels()]))

    def _training_pixels(self):
        size = self._embedder.batch_size
        if self._memory is None:
            return pixel_batches(self._records, self._config.input_size, size)
        return (self._memory[first : first + size] for first in range(0, len(self._memory), size))

    def batches(self, start_step):
        step = start_step
        with naming_bad_images(self._records):
            while True:
                # A data set an epoch: what is read ahead must know this epoch's memory bank.
                end = (step // self.steps_per_epoch + 1) * self.steps_per_epoch
                for batch in self._of_epoch(step).take(end - step):
                    yield split_batch(self._strategy, *batch)
                step = end

    def _of_epoch(self, start_step):
        """(views, their labels, keys) of every step from `start_step` on."""
        guiding, count = self._crafting.guiding, self.batch_size
        sampler = GuideBatches(
            self._sampler, self._labels,
            num_push=guiding.sampled_push, num_pull=guiding.sampled_pull,
            furthest=None if self._bank is None else self._bank.furthest,
        )  # fmt: skip

        def by_image(place, batch):
            images, labels = batch
            views = tf.reshape(images, [count, sampler.views, *images.shape[1:]])
            keys = image_keys(self._config.seed, start_step + place, count)
            return views, tf.reshape(labels, [count, sampler.views]), keys

        return self._augmented(sampler, start_step, self._memory).enumerate().map(by_image)

    def _on_replica(self, views, labels, keys):
        return super()._on_replica(*self.defended(views, labels, keys))

    def defended(self, views, labels, keys):
        """What the update sees: (images, labels) from views, their labels and keys."""
        images = mix(
            views[:, 0], keys, self._config.adversarial_ratio,
            lambda rows: self._attacked(*(_rows(each, rows) for each in (views, labels, keys))),
        )  # fmt: skip
        return images, labels[:, 0]

    def _attacked(self, views, labels, keys):
        prototypes = None if self._bank is None else tf.convert_to_tensor(self._bank.prototypes)
        return self._crafting(self.model, views, labels, keys, prototypes)


class MadvTask(GoatTask):
    """Metric adversarial training: every image once clean and once attacked, half the loss each.

    With a consistency weight, the distance between an image's two embeddings is added to it.
    """

    def defended(self, views, labels, keys):
        images = tf.concat([views[:, 0], self._attacked(views, labels, keys)], axis=0)
        return images, tf.tile(labels[:, 0], [2])

    def losses(self, outputs, labels):
        parts = super().losses(outputs, labels)
        clean, attacked = tf.split(parts["loss"], 2)
        loss = (clean + attacked) / 2
        found = {"clean_loss": clean, "adversarial_loss": attacked}
        if self._config.consistency_weight:
            found["consistency"] = embedding_consistency(*tf.split(outputs["embedding"], 2))
            loss += self._config.consistency_weight * found["consistency"]
        return {"loss": loss, **found}


def _width(model):
    return model.network.output["embedding"].shape[-1]


def _rows(tensor, rows):
    return tensor if rows is None else tf.gather(tensor, rows)
