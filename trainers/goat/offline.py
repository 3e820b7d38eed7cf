"""The offline defence: the training set attacked once, by the model that training starts from.

Training then goes on with the clean and the attacked set merged. Source: metric-preserving
adversarial training, Bai et al. 2019, arXiv:1901.10650, section 3.3.
"""

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_reid.attacks import round_inside
from keras_reid.data.augment import NO_AUGMENTATION
from keras_reid.data.images import to_pixels
from keras_reid.data.pipeline import training_batches
from keras_reid.data.records import class_labels
from keras_reid.defenses import GuideBatches, MemoryBank
from keras_reid.errors import ReIDError
from keras_reid.evaluation.embed import embed_records
from keras_reid.files import aside
from keras_reid.models import load_model
from trainers.goat.crafting import image_keys, make_crafting

ATTACKED_AT_A_TIME = 32
FOLDER = "adversarial"


def adversarial_records(config, records, folder, stream):
    """The records' attacked twins: PNG files of the input size in `folder`, made if not there.

    Args:
      config: GoatConfig.
      records: the training records.
      folder: pathlib.Path; it appears when the last image is written, so half a folder is none.
      stream: where to say that it takes a while.
    """
    paths = [folder / f"{number:06}.png" for number in range(len(records))]
    if not folder.exists():
        print(f"attacking {len(records)} training images once", file=stream)
        with aside(folder) as draft:
            draft.mkdir()
            for path, pixels in zip(paths, _attacked(config, records), strict=True):
                Image.fromarray(pixels).save(draft / path.name)
    return [record._replace(path=str(path)) for record, path in zip(records, paths, strict=True)]


def _attacked(config, records):
    """uint8 [H, W, 3] of each record's image, attacked, in order."""
    labels = class_labels(records)
    crafting = make_crafting(config, labels)
    start = load_model(config.init_from)
    if start.input_size != tuple(config.input_size) or not hasattr(start.model, "network"):
        raise ReIDError(
            f"{config.init_from} is no model of ours for crops of "
            f"{config.input_size[0]},{config.input_size[1]}; give --init_from=WORKDIR of a clean "
            "training with this --input_size"
        )
    bank = None
    if crafting.guiding.needs_bank:
        bank = MemoryBank(labels, start.embedding_size)
        bank.refresh(embed_records(start.embed, records, config.input_size))
    size = min(ATTACKED_AT_A_TIME, len(records))
    sampler = GuideBatches(
        InOrder(len(records), size, config.seed), labels,
        num_push=crafting.guiding.sampled_push, num_pull=crafting.guiding.sampled_pull,
        furthest=None if bank is None else bank.furthest,
    )  # fmt: skip

    @tf.function
    def attack(views, labels, keys):
        prototypes = None if bank is None else tf.convert_to_tensor(bank.prototypes)
        found = crafting(start.model, views, labels, keys, prototypes)
        return round_inside(found, to_pixels(views[:, 0]), crafting.attack.pixel_radius)

    data = training_batches(records, sampler, config.input_size, augmentation=NO_AUGMENTATION)
    for step, (images, labels_there) in enumerate(data.take(-(-len(records) // size))):
        views = tf.reshape(images, [size, sampler.views, *images.shape[1:]])
        labels_there = tf.reshape(labels_there, [size, sampler.views])
        found = attack(views, labels_there, image_keys(config.seed, step, size)).numpy()
        yield from found[: len(records) - step * size]


class InOrder:
    """A sampler that shows every image once; the last batch is filled up with the last image."""

    def __init__(self, count, batch_size, seed):
        self.batch_size, self.seed = batch_size, seed
        self.steps_per_epoch = -(-count // batch_size)
        self._last = count - 1

    def indices(self, step):
        return np.minimum(int(step) * self.batch_size + np.arange(self.batch_size), self._last)
