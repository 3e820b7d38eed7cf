"""Embedding records: order, padding, tracing, and models that misbehave."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data import load_dataset
from keras_reid.errors import ReIDError
from keras_reid.evaluation.embed import Embedder, embed_records
from tests.data import trees

SIZE = (8, 4)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    return load_dataset("market1501", trees.market1501(tmp_path_factory.mktemp("m"))).gallery


def mean_colour(images):
    return tf.reduce_mean(images, axis=[1, 2])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 64])
def test_order_is_the_records_and_the_batch_does_not_matter(gallery, batch_size):
    told = []
    embeddings = embed_records(
        mean_colour, gallery, SIZE,
        batch_size=batch_size, progress=lambda *done: told.append(done),
    )  # fmt: skip
    assert embeddings.dtype == np.float32
    one_by_one = [embed_records(mean_colour, [record], SIZE)[0] for record in gallery]
    np.testing.assert_allclose(embeddings, one_by_one, rtol=1e-6)
    assert told[-1] == (len(gallery), len(gallery)) and told == sorted(told)


def test_a_short_last_batch_traces_nothing_new(gallery):
    shapes = []

    def embed(images):
        shapes.append(tuple(images.shape))  # runs while tracing only
        return mean_colour(images)

    embed_records(embed, gallery[:3], SIZE, batch_size=2)
    assert shapes == [(2, *SIZE, 3)]


def test_what_cannot_be_traced_runs_all_the_same(gallery):
    def with_numpy(images):
        return np.asarray(images).mean(axis=(1, 2))

    np.testing.assert_allclose(
        embed_records(with_numpy, gallery, SIZE),
        embed_records(mean_colour, gallery, SIZE),
        rtol=1e-5,
    )


def test_an_embedding_that_is_not_finite_names_the_image(gallery):
    def embed(images):
        colour = mean_colour(images)
        brightest = tf.reduce_sum(colour, 1) == tf.reduce_max(tf.reduce_sum(colour, 1))
        return tf.where(brightest[:, None], float("nan"), colour)

    brightest = mean_brightness(gallery).argmax()
    with pytest.raises(ReIDError, match=gallery[brightest].path):
        embed_records(embed, gallery, SIZE)


def mean_brightness(records):
    return embed_records(mean_colour, records, SIZE).sum(axis=1)


@pytest.mark.parametrize(
    "embed", [lambda images: images, lambda images: mean_colour(images)[:1], tf.reduce_mean]
)
def test_another_shape_than_one_row_an_image_is_refused(gallery, embed):
    with pytest.raises(ReIDError, match="the model returned shape"):
        embed_records(embed, gallery, SIZE, batch_size=2)


def test_wrong_arguments_get_a_sentence(gallery):
    with pytest.raises(ReIDError, match="no image to embed"):
        embed_records(mean_colour, [], SIZE)
    with pytest.raises(ReIDError, match="at least one image"):
        Embedder(mean_colour, SIZE, batch_size=0)


def test_an_unreadable_image_is_refused_by_name(tmp_path):
    gallery = load_dataset("market1501", trees.market1501(tmp_path)).gallery
    with open(gallery[1].path, "r+b") as file:
        file.truncate(100)
    with pytest.raises(ReIDError, match=gallery[1].path):
        embed_records(mean_colour, gallery, SIZE)
