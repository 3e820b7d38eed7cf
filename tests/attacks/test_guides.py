"""Guides against plain NumPy loops."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.attacks import (
    Guides,
    furthest_identities,
    furthest_negative_guides,
    make_attack,
    pulled_identities,
    sample_guides,
    sampled_rows,
)
from keras_reid.attacks.objectives import merge, push_pull
from keras_reid.errors import ReIDError

PIDS = np.array([1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 0, -1])
VECTORS = np.random.default_rng(0).normal(size=(len(PIDS), 5)).astype(np.float32)
PROBES = np.random.default_rng(1).normal(size=(len(PIDS), 5)).astype(np.float32)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def slow_objective(probe, pushes, pulls, metric):
    """sum ||f - push||^2 - sum ||f - pull||^2, one guide after the other."""
    prepare = unit if metric == "cosine" else (lambda vectors: vectors)
    value = sum(np.sum((prepare(probe) - prepare(guide)) ** 2) for guide in pushes)
    return value - sum(np.sum((prepare(probe) - prepare(guide)) ** 2) for guide in pulls)


def slow_furthest(index, metric):
    prepare = unit if metric == "cosine" else (lambda vectors: vectors)
    distance = {}
    for pid in set(PIDS.tolist()) - {0, -1, PIDS[index]}:
        mean = np.mean([prepare(VECTORS[i]) for i in np.flatnonzero(PIDS == pid)], axis=0)
        distance[pid] = np.linalg.norm(prepare(VECTORS[index]) - mean)
    return max(distance, key=distance.get)


@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_furthest_identity_equals_a_loop_over_identities(metric):
    found = furthest_identities(VECTORS, PIDS, metric=metric)
    np.testing.assert_array_equal(found, [slow_furthest(i, metric) for i in range(len(PIDS))])


@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_merged_guides_keep_the_objective_up_to_a_constant(metric):
    guides = furthest_negative_guides(VECTORS, PIDS, metric=metric)
    merged = merge(guides, metric)
    here = push_pull(VECTORS, merged, metric).numpy()
    there = push_pull(PROBES, merged, metric).numpy()
    for i, pid in enumerate(PIDS):
        if pid <= 0:
            continue
        pushes = [VECTORS[j] for j in np.flatnonzero(PIDS == pid) if j != i]
        pulls = VECTORS[PIDS == slow_furthest(i, metric)]
        # The merge drops a constant, so differences between two embeddings are compared.
        expected = slow_objective(PROBES[i], pushes, pulls, metric) - slow_objective(
            VECTORS[i], pushes, pulls, metric
        )
        assert there[i] - here[i] == pytest.approx(expected, rel=1e-4, abs=1e-4)


@given(seed=st.integers(0, 1000), pushes=st.integers(0, 4), pulls=st.integers(0, 4))
@settings(max_examples=25, deadline=None)
def test_merge_inside_the_attack_is_exact(seed, pushes, pulls):
    rng = np.random.default_rng(seed)
    guides = Guides(
        push=rng.normal(size=(2, pushes, 5)).astype(np.float32),
        pull=rng.normal(size=(2, pulls, 5)).astype(np.float32),
    )
    probe = rng.normal(size=(2, 5)).astype(np.float32)
    for metric in ("l2", "cosine"):
        value = push_pull(probe, merge(guides, metric), metric).numpy()
        expected = [
            slow_objective(probe[i], guides.push[i], guides.pull[i], metric) for i in range(2)
        ]
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


def test_weight_zero_is_padding():
    # Two real guides and a third one, far away, of weight 0.
    guides = Guides(push=VECTORS[None, :3], push_weight=np.array([[1.0, 1.0, 0.0]]))
    padded = push_pull(PROBES[:1], merge(guides, "l2"), "l2").numpy()
    alone = push_pull(PROBES[:1], merge(Guides(push=VECTORS[None, :2]), "l2"), "l2").numpy()
    np.testing.assert_allclose(padded, alone, rtol=1e-5)


def test_an_image_never_pushes_itself_and_a_lone_one_has_weight_zero():
    guides = furthest_negative_guides(VECTORS, PIDS)
    # pid 4 has one image; distractor 0 and junk -1 have no identity.
    np.testing.assert_array_equal(guides.push_weight[:, 0], [2, 2, 2, 1, 1, 3, 3, 3, 3, 0, 0, 0])
    # Of two images, each is pushed from the other one alone.
    np.testing.assert_allclose(guides.push[3, 0], VECTORS[4], rtol=1e-5)


def test_guides_from_a_gallery_include_all_of_its_images():
    guides = furthest_negative_guides(
        VECTORS[:1], PIDS[:1], guide_embeddings=PROBES, guide_pids=PIDS
    )
    assert guides.push_weight[0, 0] == 3
    np.testing.assert_allclose(guides.push[0, 0], PROBES[:3].mean(axis=0), rtol=1e-5)


def test_reference_preset_pads_with_the_image_itself_and_pulls_to_one_prototype():
    guides = furthest_negative_guides(VECTORS, PIDS, preset="reference")
    # pid 2 has two images, the largest identity four: (v3 + v4 + 2 v3) / 4 for image 3.
    np.testing.assert_allclose(guides.push[3, 0], (3 * VECTORS[3] + VECTORS[4]) / 4, rtol=1e-5)
    assert guides.push_weight[3, 0] == 4 and guides.pull_weight[3, 0] == 1


def test_random_selection_never_takes_the_own_identity():
    for seed in range(10):
        guides = furthest_negative_guides(VECTORS, PIDS, selection="random", seed=seed)
        own = np.array([VECTORS[PIDS == pid].mean(axis=0) for pid in PIDS[:10]])
        assert np.all(np.abs(guides.pull[:10, 0] - own).max(axis=1) > 1e-4)


def test_sampled_guides_are_others_of_the_identity_and_images_of_the_furthest():
    guides = sample_guides(VECTORS, PIDS, num_push=2, num_pull=2, seed=3)
    np.testing.assert_array_equal(guides.push_weight.sum(1), [2, 2, 2, 1, 1, 2, 2, 2, 2, 0, 0, 0])
    furthest = furthest_identities(VECTORS, PIDS)
    for i in range(10):
        own = [j for j in np.flatnonzero(PIDS == PIDS[i]) if j != i]
        for guide, weight in zip(guides.push[i], guides.push_weight[i], strict=True):
            assert not weight or any(np.array_equal(guide, VECTORS[j]) for j in own)
        for guide, weight in zip(guides.pull[i], guides.pull_weight[i], strict=True):
            of_furthest = VECTORS[PIDS == furthest[i]]
            assert not weight or any(np.array_equal(guide, vector) for vector in of_furthest)


def test_merged_and_full_guides_give_the_same_attack():
    weights = np.random.default_rng(2).normal(size=(48, 5)).astype(np.float32)

    def embed(images):
        return tf.math.softplus(tf.reshape(images, [-1, 48]) @ weights)

    images = np.random.default_rng(3).uniform(size=(len(PIDS), 4, 4, 3)).astype(np.float32)
    clean = embed(images).numpy()
    merged = furthest_negative_guides(clean, PIDS).rows(slice(0, 1))
    furthest = furthest_identities(clean, PIDS)[0]
    full = Guides(push=clean[None, 1:3], pull=clean[None, PIDS == furthest])
    attack = make_attack("fna")
    np.testing.assert_allclose(
        attack(embed, images[:1], merged), attack(embed, images[:1], full), atol=1e-6
    )


@pytest.mark.parametrize(
    "change,words",
    [
        ({"pids": PIDS[:3]}, "with pids"),
        ({"preset": "papre"}, "preset 'papre'"),
        ({"metric": "l1"}, "metric 'l1'"),
        ({"embeddings": np.full_like(VECTORS, np.nan)}, "NaN"),
        ({"pids": np.full_like(PIDS, 7)}, "at least two identities"),
        ({"pids": np.zeros_like(PIDS)}, "junk or distractors"),
        ({"guide_embeddings": VECTORS[:, :3], "guide_pids": PIDS}, "guide embeddings have 3"),
    ],
)
def test_bad_input_is_told_in_a_sentence(change, words):
    arguments = {"embeddings": VECTORS, "pids": PIDS, **change}
    with pytest.raises(ReIDError, match=words):
        furthest_negative_guides(**arguments)


def test_sampled_pulls_come_from_the_identity_that_was_selected():
    for selection in ("furthest", "random"):
        wanted = pulled_identities(VECTORS, PIDS, selection=selection, seed=5)
        _, pulls = sampled_rows(VECTORS, PIDS, num_push=0, num_pull=2, selection=selection, seed=5)
        assert all(set(PIDS[rows]) == {pid} for rows, pid in zip(pulls, wanted, strict=True))
    assert np.any(wanted != furthest_identities(VECTORS, PIDS))
