"""The re-ID model: normalise -> backbone -> pooling -> head -> embedding (-> logits)."""

import contextlib

import keras
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.models.backbones import BACKBONES, DEFAULT_HEAD, check_backbone, make_backbone
from keras_reid.models.heads import HEADS, check_head, own_distance
from keras_reid.models.weights import is_whole_model, load_weights

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


def build_reid_model(
    name,
    input_size=(256, 128),
    num_ids=None,
    weights=None,
    *,
    head=None,
    embedding_size=None,
    last_stride=2,
    alpha=1.0,
    stripes=1,
    precision="float32",
):
    """A new model that embeds person crops.

    Args:
      name: "resnet50", "densenet121", "mobilenetv2", "osnet" or "small".
      input_size: (height, width) of the crops.
      num_ids: identities of the training set, for logits; None: embeddings only.
      weights: None (random); "imagenet" (keras downloads them where there is a network); or a file:
        a backbone's .h5 as keras.applications publishes them, a .weights.h5 or .keras of ours, or,
        for "osnet", a PyTorch checkpoint (.pth) of torchreid's.
      head: which published model to build; None: "osnet" for that backbone, else "classification",
        "classification": average pooling -> batch normalisation = embedding -> identities;
        "triplet": average pooling -> batch normalisation, ReLU, Dense = embedding (-> identities);
        "strong": as classification, but the triplet loss reads the pooled feature, the
        normalisation has no offset and the classifier no bias (Luo et al. 2019, the BN neck);
        "osnet": average pooling -> Dense, batch normalisation, ReLU = embedding -> identities;
        "pcb": every stripe with a reduction and a classifier of its own (Sun et al. 2018);
        "aligned": a global feature and stripes (AlignedReID, Zhang et al. 2017).
      embedding_size: of the Dense layer before the embedding; None: 2048 in the triplet head, 512
        in OSNet's, 256 for each stripe of PCB, 128 for each of AlignedReID, no such layer (the
        embedding is as wide as the backbone) in the others.
      last_stride: 1 doubles the resolution of the last feature map (resnet50, small).
      alpha: multiplies the number of filters (mobilenetv2, osnet, small).
      stripes: horizontal stripes of the last feature map that are pooled apart and put side by
        side, so that the embedding knows head from feet; must divide the map's height.
      precision: "float32", "mixed_float16" or "mixed_bfloat16" for the backbone's computation;
        variables, pooling and everything after it are float32. A saved model loads as float32.

    Returns:
      ReIDModel.
    """
    if head is None:
        head = BACKBONES[name].head if name in BACKBONES else DEFAULT_HEAD
    whole = weights is not None and is_whole_model(weights)
    model = ReIDModel(
        name,
        input_size,
        num_ids,
        head=head,
        embedding_size=embedding_size,
        last_stride=last_stride,
        alpha=alpha,
        stripes=stripes,
        precision=precision,
        backbone_weights=None if whole else weights,
    )
    if whole:
        load_weights(model, weights)
    return model


@keras.saving.register_keras_serializable(package="keras_reid")
class ReIDModel(keras.Model):
    """Embeds images: float32 [N, H, W, 3] in [0, 1] -> float32 [N, D].

    `network` is the functional model behind it, for training: its outputs are a dictionary of
    "feature" (what a triplet loss reads), "embedding" and, with `num_ids`, "logits", beside what
    `keras_reid.models.parts` adds. `distance` names what its embeddings are to be compared by, as
    `keras_reid.retrieval.pairwise_distance` takes it.
    """

    def __init__(
        self,
        backbone,
        input_size,
        num_ids=None,
        *,
        head=DEFAULT_HEAD,
        embedding_size=None,
        last_stride=2,
        alpha=1.0,
        stripes=1,
        precision="float32",
        backbone_weights=None,
        name="reid",
    ):
        # Float32 here, or Keras would cast the pixels to half precision on their way in.
        super().__init__(name=name, dtype="float32")
        input_size = (int(input_size[0]), int(input_size[1]))
        row = check_backbone(backbone, input_size, last_stride=last_stride, alpha=alpha)
        check_head(head, num_ids, embedding_size)
        if precision not in PRECISIONS:
            raise ReIDError(f"precision {precision!r} is unknown; use {', '.join(PRECISIONS)}")
        self.backbone_name = backbone
        self.input_size = input_size
        self.num_ids = num_ids
        self.head = head
        self.embedding_size = embedding_size
        self.last_stride = last_stride
        self.alpha = alpha
        self.stripes = stripes
        self.distance = own_distance(head, embedding_size, stripes)
        with _policy(precision):
            features = make_backbone(
                backbone, input_size, weights=backbone_weights, last_stride=last_stride, alpha=alpha
            )
        with _policy("float32"):
            images = keras.Input((*input_size, 3), name="images")
            maps = features(Normalise(**row.normalisation, name="normalise")(images))
            outputs = HEADS[head](maps, num_ids, embedding_size, stripes)
            self.network = keras.Model(images, outputs, name="network")
        self.build((None, *input_size, 3))

    def build(self, input_shape):
        """Nothing left to make: the constructor made every variable."""
        self.built = True

    def call(self, images, training=False):
        return self.network(images, training=training)["embedding"]

    def embed(self, images):
        """Embeddings [N, D] in inference mode: images do not influence each other."""
        return self(_checked(images), training=False)

    def logits(self, images):
        """Scores of the training identities, [N, num_ids], in inference mode."""
        if self.num_ids is None:
            raise ReIDError("this model was built without num_ids and has no logits")
        return self.network(_checked(images), training=False)["logits"]

    def get_config(self):
        # Not the precision: what was trained in mixed precision is attacked and served in float32.
        return {
            "backbone": self.backbone_name,
            "input_size": [int(side) for side in self.input_size],
            "num_ids": self.num_ids,
            "head": self.head,
            "embedding_size": self.embedding_size,
            "last_stride": self.last_stride,
            "alpha": self.alpha,
            "stripes": self.stripes,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_reid")
class Normalise(keras.layers.Layer):
    """(images - mean) / deviation per colour, so that callers only ever see [0, 1].

    Args:
      mean, deviation: three numbers, red first.
      blue_first: hand the colours on as blue, green, red (weights that came from Caffe).
    """

    def __init__(self, mean, deviation, blue_first=False, **options):
        super().__init__(**options)
        self.mean = [float(value) for value in mean]
        self.deviation = [float(value) for value in deviation]
        self.blue_first = blue_first

    def call(self, images):
        images = (images - tf.constant(list(self.mean))) / tf.constant(list(self.deviation))
        return tf.reverse(images, axis=[-1]) if self.blue_first else images

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "mean": list(self.mean),
            "deviation": list(self.deviation),
            "blue_first": self.blue_first,
        }


def _checked(images):
    """A float tensor; uint8 pixels would pass through silently and 255 times too large."""
    images = tf.convert_to_tensor(images)
    if not images.dtype.is_floating:
        raise ReIDError(f"images are {images.dtype.name}; give float32 in [0, 1]: pixels / 255")
    return tf.cast(images, tf.float32)


@contextlib.contextmanager
def _policy(name):
    """Layers made inside compute in `name`; keras.applications take no dtype argument."""
    before = compat.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
