"""Heads that see the whole person: pooling, the embedding and, with identities, their scores."""

import keras

from keras_reid.errors import ReIDError

TRIPLET_EMBEDDING_SIZE = 2048
OSNET_EMBEDDING_SIZE = 512


def classification(maps, num_ids, embedding_size, stripes):
    """Pooling -> batch normalisation = embedding -> identities."""
    return _neck(maps, num_ids, embedding_size, stripes, offsets=True)


def strong(maps, num_ids, embedding_size, stripes):
    """The same where the triplet loss reads the pooled feature (Luo et al. 2019, the BN neck)."""
    return _neck(maps, num_ids, embedding_size, stripes, offsets=False)


def triplet(maps, num_ids, embedding_size, stripes):
    """Pooling -> batch normalisation, ReLU, Dense = embedding (-> identities)."""
    layers = keras.layers
    x = layers.BatchNormalization(name="projection_bn")(pool(maps, stripes))
    x = layers.Activation("relu", name="projection_relu")(x)
    embedding = layers.Dense(embedding_size or TRIPLET_EMBEDDING_SIZE, name="embedding")(x)
    return _with_logits(embedding, embedding, num_ids)


def osnet(maps, num_ids, embedding_size, stripes):
    """Pooling -> Dense, batch normalisation, ReLU = embedding -> identities (Zhou et al. 2019)."""
    layers = keras.layers
    size = embedding_size or OSNET_EMBEDDING_SIZE
    x = layers.Dense(size, name="reduction")(pool(maps, stripes))
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="embedding_bn")(x)
    embedding = layers.Activation("relu", name="embedding")(x)
    return _with_logits(embedding, embedding, num_ids)


def pool(maps, stripes):
    """[N, h, w, C] -> [N, stripes * C]."""
    height, width = maps.shape[1:3]
    if stripes < 1 or height % stripes:
        raise ReIDError(f"the last feature map is {height} high and has no {stripes} equal stripes")
    if stripes == 1:
        return keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    rows = keras.layers.AveragePooling2D((height // stripes, width), name="stripes")(maps)
    return keras.layers.Flatten(name="pooled")(rows)


def _neck(maps, num_ids, embedding_size, stripes, *, offsets):
    pooled = pool(maps, stripes)
    if embedding_size:
        pooled = keras.layers.Dense(embedding_size, use_bias=False, name="reduction")(pooled)
    # Without an offset the identity hyperplanes pass through the origin of the embedding.
    embedding = keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, center=offsets, name="embedding"
    )(pooled)
    feature = embedding if offsets else pooled
    return _with_logits(feature, embedding, num_ids, use_bias=offsets)


def _with_logits(feature, embedding, num_ids, *, use_bias=True):
    outputs = {"feature": feature, "embedding": embedding}
    if num_ids is not None:
        outputs["logits"] = classifier(num_ids, "logits", use_bias=use_bias)(embedding)
    return outputs


def classifier(num_ids, name, *, use_bias=True):
    """The layer that scores identities."""
    start = keras.initializers.RandomNormal(stddev=0.001)
    return keras.layers.Dense(num_ids, use_bias=use_bias, kernel_initializer=start, name=name)
