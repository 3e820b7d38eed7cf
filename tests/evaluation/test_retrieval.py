"""From records to a ranking, on images whose colour is the person."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_reid.data import Record
from keras_reid.errors import ReIDError
from keras_reid.evaluation.retrieval import evaluate_retrieval
from keras_reid.retrieval import k_reciprocal_rerank, normalised, pairwise_distance

SIZE = (8, 4)
COLOURS = {1: (200, 30, 30), 2: (30, 200, 30), 3: (30, 30, 200), 0: (120, 120, 120)}


def mean_colour(images):
    return tf.reduce_mean(images, axis=[1, 2])


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """(query, gallery): four cameras of differing light; person 3 is in the query only."""
    folder = tmp_path_factory.mktemp("people")

    def record(pid, camid, split):
        path = folder / f"{pid}_{camid}_{split}.png"
        light = 1 + 0.05 * camid
        colour = tuple(int(value * light) for value in COLOURS[pid])
        Image.new("RGB", (6, 12), colour).save(path)
        return Record(str(path), pid, camid, split)

    query = tuple(record(pid, 1, "query") for pid in (1, 2, 3))
    gallery = tuple(record(pid, camid, "gallery") for pid in (0, 1, 2) for camid in (1, 2, 3, 4))
    return query, gallery


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("rerank", [False, True])
def test_colours_find_their_people(people, metric, rerank):
    result = evaluate_retrieval(mean_colour, *people, SIZE, metric=metric, rerank=rerank)
    assert result.ranking.mean_ap == 1.0
    assert (result.ranking.valid_queries, result.ranking.skipped_queries) == (2, 1)
    assert result.query_embeddings.shape == (3, 3) and result.gallery_embeddings.shape == (12, 3)
    query, gallery = result.query_embeddings, result.gallery_embeddings
    if rerank and metric == "cosine":
        expected = k_reciprocal_rerank(normalised(query), normalised(gallery))
    elif rerank:
        expected = k_reciprocal_rerank(query, gallery)
    else:
        expected = pairwise_distance(query, gallery, metric=metric)
    np.testing.assert_array_equal(result.distance, expected)


def test_a_split_against_itself_embeds_each_image_once(people):
    seen = []
    gallery = people[1]
    result = evaluate_retrieval(
        mean_colour, gallery, gallery, SIZE, progress=lambda done, total: seen.append(total)
    )
    assert set(seen) == {len(gallery)}
    # The four distractors look for nobody; the others find the three other cameras' images.
    assert result.ranking.valid_queries == 8 and result.ranking.mean_ap == 1.0


def test_the_average_precision_is_the_one_asked_for(people):
    result = evaluate_retrieval(mean_colour, *people, SIZE, average_precision="market_toolbox")
    assert result.ranking.average_precision == "market_toolbox"
    assert result.ranking.mean_ap == pytest.approx(2 / 3)  # the query without match counts as 0


def never(images):
    raise AssertionError("embedded before the arguments were checked")


@pytest.mark.parametrize(
    "cut,options,words",
    [
        (lambda query, gallery: (query[2:], gallery), {}, "none of the 1 queries"),
        (lambda query, gallery: ((), gallery), {}, "no query image"),
        (lambda query, gallery: (query, ()), {}, "no gallery image"),
        (lambda *both: both, {"metric": "l3"}, "no metric is called 'l3'"),
        (lambda *both: both, {"average_precision": "best"}, "'best'"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_embedding(people, cut, options, words):
    with pytest.raises(ReIDError, match=words):
        evaluate_retrieval(never, *cut(*people), SIZE, **options)
