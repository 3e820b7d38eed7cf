"""Victims of every kind trained, and measured by the distance that is their own."""

import io
from types import SimpleNamespace

import numpy as np
import pytest

from keras_reid.data import load_dataset
from keras_reid.errors import ReIDError
from keras_reid.evaluation.clean import EvaluationPlan, run_evaluation
from keras_reid.evaluation.plan import AttackPlan, run_plan
from keras_reid.losses import aligned_triplet, batch_hard_triplet
from keras_reid.models import load_model
from tests.trainers.crowd import tiny, write_crowd
from trainers.embedder import resolve, train
from trainers.embedder.losses import EmbedderLosses

VICTIMS = {
    "pcb": (dict(head="pcb", embedding_size=4, loss="classification"), "euclidean"),
    "aligned": (dict(head="aligned", embedding_size=4, loss="both"), "aligned:2x4"),
    "osnet": (
        dict(model="osnet", head="osnet", alpha=1 / 16, last_stride=2, stripes=1, loss="both"),
        "euclidean",
    ),
}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    return write_crowd(tmp_path_factory.mktemp("crowd"))


@pytest.mark.slow
@pytest.mark.parametrize("name", VICTIMS)
def test_trained_attacked_and_ranked_by_its_own_distance(name, crowd, tmp_path):
    changes, distance = VICTIMS[name]
    config = resolve(**tiny(crowd, epochs=1, **changes))
    result = train(config, tmp_path, stream=io.StringIO())
    assert result["finished"] and 0 <= result["validation"]["map"] <= 1
    model, dataset = load_model(tmp_path), load_dataset("market1501", str(crowd))
    assert model.distance == distance
    summary, queries = run_evaluation(model, dataset, EvaluationPlan())
    assert summary["settings"]["distance"] == distance and queries
    by_hand, _ = run_evaluation(model, dataset, EvaluationPlan(metric=distance))
    assert by_hand["figures"] == summary["figures"]
    told = run_plan(model, dataset, AttackPlan(attacks=("sma",), epsilons=(0.1,), steps=2))
    assert told["threat_model"]["distance"] == distance
    assert told["clean"]["mean_ap"] == summary["figures"]["mean_ap"]
    assert told["rows"][0]["displacement"] > 0


def test_every_part_of_pcb_is_trained():
    scores, labels = np.random.default_rng(0).normal(size=(4, 3, 5)), np.array([0, 1, 2, 4])
    losses = EmbedderLosses(resolve(head="pcb"))
    told = losses({"logits": scores.mean(1), "part_logits": scores}, labels)
    exp = np.exp(scores)
    each = -np.log(exp / exp.sum(-1, keepdims=True))[np.arange(4), :, labels]
    np.testing.assert_allclose(told["loss"], each.sum(1), rtol=1e-5)


def test_aligned_trains_bodies_and_stripes():
    generator = np.random.default_rng(0)
    labels = np.array([0, 0, 1, 1])
    outputs = {
        "logits": generator.normal(size=(4, 2)).astype(np.float32),
        "feature": generator.normal(size=(4, 3)).astype(np.float32),
        "stripes": generator.normal(size=(4, 2, 3)).astype(np.float32),
    }
    config = resolve("aligned", triplet_weight=2.0)
    told = EmbedderLosses(config)(outputs, labels)
    expected = aligned_triplet(outputs["feature"], outputs["stripes"], labels, margin=config.margin)
    np.testing.assert_allclose(told["stripes_loss"], expected)
    bodies = batch_hard_triplet(outputs["feature"], labels, margin=config.margin)
    np.testing.assert_allclose(
        told["loss"], told["identity_loss"] + 2 * (bodies + expected), rtol=1e-5
    )


def test_reranking_knows_no_stripes():
    model = SimpleNamespace(distance="aligned:2x4", embed=None, input_size=None)
    dataset = SimpleNamespace(query=(), gallery=())
    with pytest.raises(ReIDError, match="euclidean or cosine, not by aligned:2x4"):
        run_evaluation(model, dataset, EvaluationPlan(rerank=True))


@pytest.mark.parametrize("preset", ["pcb", "aligned", "osnet"])
def test_presets_fit_together(preset):
    config = resolve(preset)
    assert config.head == preset
    assert (config.model == "osnet") == (preset == "osnet")
    assert config.input_size[0] // (16 if config.last_stride == 1 else 32) % config.stripes == 0
