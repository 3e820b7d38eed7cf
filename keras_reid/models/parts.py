"""Heads that look at parts of a person, each with a distance of its own."""

import keras

from keras_reid.errors import ReIDError
from keras_reid.models.whole import classifier

PCB_WIDTH, ALIGNED_WIDTH = 256, 128


def pcb(maps, num_ids, embedding_size, stripes):
    """Each stripe has its own reduction and its own classifier; compared by Euclidean distance.

    The embedding is the parts side by side, each of unit length; "part_logits" are the scores
    [N, stripes, num_ids] that training reads, "logits" their mean.

    Reference: Sun et al. 2018, arXiv:1711.09349, section 3.1 (six stripes of 256 numbers).
    """
    parts, scores = [], []
    for index, stripe in enumerate(_stripes(maps, stripes, "pcb")):
        part = _part(stripe, embedding_size or PCB_WIDTH, f"part{index}")
        parts.append(_unit(f"part{index}_unit")(part))
        if num_ids is not None:
            scores.append(classifier(num_ids, f"part{index}_logits")(part))
    embedding = keras.layers.Concatenate(name="embedding")(parts)
    outputs = {"feature": embedding, "embedding": embedding}
    if num_ids is not None:
        outputs["part_logits"] = _stacked(scores, "part_scores")
        outputs["logits"] = keras.layers.Average(name="scores")(scores)
    return outputs


def aligned(maps, num_ids, embedding_size, stripes):
    """A global feature and stripes, compared by `keras_reid.retrieval.aligned`.

    The embedding is both side by side, the global feature and each stripe of unit length (as the
    distance of stripes saturates beyond); "stripes" are the latter, [N, stripes, width].

    Reference: Zhang et al. 2017, arXiv:1711.08184, section 3.1 (stripes of 128 numbers).
    """
    width = embedding_size or ALIGNED_WIDTH
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    whole = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="global_bn")(pooled)
    local = _stacked(_stripes(maps, stripes, "aligned"), "rows")
    # One reduction for all stripes: they have to be comparable with each other.
    local = keras.layers.Dense(width, use_bias=False, name="reduction")(local)
    local = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="stripes_bn")(local)
    local = _unit("stripes_unit")(local)
    feature = _unit("global_unit")(whole)
    flat = keras.layers.Reshape((stripes * width,), name="stripes_flat")(local)
    embedding = keras.layers.Concatenate(name="embedding")([feature, flat])
    outputs = {"feature": feature, "embedding": embedding, "stripes": local}
    if num_ids is not None:
        outputs["logits"] = classifier(num_ids, "logits")(whole)
    return outputs


def _stripes(maps, count, head):
    """[N, h, w, C] -> `count` times [N, C], from head to feet."""
    height, width = maps.shape[1:3]
    if count < 2 or height % count:
        raise ReIDError(
            f"head {head!r} needs at least two equal stripes of the last feature map, which is "
            f"{height} high: {count} do not fit; choose another number of stripes or image height"
        )
    rows = keras.layers.AveragePooling2D((height // count, width), name="stripes_pooled")(maps)
    return [
        keras.layers.Flatten(name=f"stripe{index}")(
            keras.layers.Cropping2D(((index, count - 1 - index), (0, 0)), name=f"crop{index}")(rows)
        )
        for index in range(count)
    ]


def _part(stripe, width, name):
    part = keras.layers.Dense(width, use_bias=False, name=f"{name}_reduction")(stripe)
    part = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(part)
    return keras.layers.Activation("relu", name=f"{name}_relu")(part)


def _stacked(vectors, name):
    """Of p times [N, D]: [N, p, D]."""
    size = vectors[0].shape[-1]
    flat = keras.layers.Concatenate(name=f"{name}_flat")(vectors)
    return keras.layers.Reshape((len(vectors), size), name=name)(flat)


def _unit(name):
    return keras.layers.UnitNormalization(axis=-1, name=name)
