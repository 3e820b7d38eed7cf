"""Models that look at parts: what their embedding holds, and the distance that goes with it."""

import numpy as np
import pytest

from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, load_model, load_weights
from keras_reid.retrieval import pairwise_distance
from keras_reid.retrieval.aligned import stripes_of

SIZE, PEOPLE, STRIPES, WIDTH = (64, 32), 5, 4, 6
IMAGES = np.random.default_rng(0).random((3, *SIZE, 3), np.float32)
DISTANCES = {"pcb": "euclidean", "aligned": f"aligned:{STRIPES}x{WIDTH}"}


def build(head, num_ids=PEOPLE, **changes):
    settings = {"stripes": STRIPES, "embedding_size": WIDTH, **changes}
    return build_reid_model("small", SIZE, num_ids, head=head, **settings)


def feature_map(model):
    """[N, h, w, C] of IMAGES."""
    normalise, backbone = (model.network.get_layer(name) for name in ("normalise", "small"))
    return np.asarray(backbone(normalise(IMAGES)))


@pytest.mark.parametrize("head", DISTANCES)
class TestBoth:
    def test_saves_loads_and_keeps_its_distance(self, head, tmp_path):
        model = build(head)
        model.save(tmp_path / "m.keras")
        loaded = load_model(tmp_path / "m.keras")
        assert loaded.distance == model.distance == DISTANCES[head]
        np.testing.assert_array_equal(loaded.embed(IMAGES), model.embed(IMAGES))
        np.testing.assert_array_equal(loaded.logits(IMAGES), model.logits(IMAGES))
        other = build(head, 9)
        load_weights(other, tmp_path / "m.keras")
        np.testing.assert_array_equal(other.embed(IMAGES), model.embed(IMAGES))
        assert other.logits(IMAGES).shape == (3, 9)

    def test_the_name_of_the_distance_fits_the_embedding(self, head):
        for changes in ({}, {"embedding_size": None}, {"stripes": 2}):
            model = build(head, None, **changes)
            embeddings = model.embed(IMAGES)
            distance = pairwise_distance(embeddings, embeddings, metric=model.distance)
            assert distance.shape == (3, 3) and np.isfinite(distance).all()

    def test_stripes_that_do_not_fit(self, head):
        for stripes in (1, 3):
            with pytest.raises(ReIDError, match=f"{head!r} .* is 4 high: {stripes} do not fit"):
                build(head, stripes=stripes)


def test_pcb_has_a_network_for_each_stripe():
    model = build("pcb")
    outputs = {name: np.asarray(value) for name, value in model.network(IMAGES).items()}
    parts = outputs["embedding"].reshape(3, STRIPES, WIDTH)
    maps = feature_map(model)
    rows = maps.mean(axis=2)  # [N, 4, C], head first
    scores = []
    for index in range(STRIPES):
        layers = [model.network.get_layer(f"part{index}_{name}") for name in ("reduction", "bn")]
        part = np.maximum(layers[1](layers[0](rows[:, index])), 0)
        scores.append(np.asarray(model.network.get_layer(f"part{index}_logits")(part)))
        unit = part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-6)
        np.testing.assert_allclose(parts[:, index], unit, atol=1e-4)
    np.testing.assert_allclose(outputs["part_logits"], np.stack(scores, 1), atol=1e-5)
    np.testing.assert_allclose(outputs["logits"], np.mean(scores, 0), atol=1e-5)


def test_aligned_is_a_body_and_then_its_stripes_from_head_to_feet():
    model = build("aligned")
    outputs = {name: np.asarray(value) for name, value in model.network(IMAGES).items()}
    embedding, stripes = outputs["embedding"], stripes_of(model.distance)
    assert embedding.shape == (3, 80 + stripes.count * stripes.width)
    np.testing.assert_array_equal(embedding[:, :80], outputs["feature"])
    np.testing.assert_array_equal(embedding[:, 80:].reshape(3, *stripes), outputs["stripes"])
    for part in (outputs["feature"], outputs["stripes"]):
        np.testing.assert_allclose(np.linalg.norm(part, axis=-1), 1, rtol=1e-4)
    # One reduction for all stripes: equal rows of the map give equal stripes.
    maps = feature_map(model)
    reduce, bn = (model.network.get_layer(name) for name in ("reduction", "stripes_bn"))
    local = np.asarray(bn(reduce(maps.mean(axis=2))))
    local = local / np.linalg.norm(local, axis=-1, keepdims=True)
    np.testing.assert_allclose(outputs["stripes"], local, atol=1e-4)
