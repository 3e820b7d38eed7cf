"""How many rows are attacked, which ones, and the consistency of embeddings."""

import numpy as np
import pytest
import tensorflow as tf

from keras_reid.defenses import adversarial_count, embedding_consistency, mix

IMAGES = np.random.default_rng(0).random((10, 2, 2, 3), np.float32)


def mixed(ratio, first_key=0):
    keys = tf.range(first_key, first_key + 10, dtype=tf.int64)

    def attack(rows):
        chosen = IMAGES if rows is None else tf.gather(IMAGES, rows)
        return -tf.convert_to_tensor(chosen)

    return mix(tf.constant(IMAGES), keys, ratio, attack).numpy()


@pytest.mark.parametrize(("ratio", "count"), [(0.0, 0), (0.1, 1), (0.25, 3), (0.5, 5), (1.0, 10)])
def test_the_ratio_is_exact_and_the_rest_untouched(ratio, count):
    assert adversarial_count(ratio, 10) == count
    found = mixed(ratio)
    hit = (found == -IMAGES).all(axis=(1, 2, 3))
    assert hit.sum() == count
    np.testing.assert_array_equal(found[~hit], IMAGES[~hit])


def test_rows_change_with_the_keys_and_with_nothing_else():
    assert (mixed(0.5) == mixed(0.5)).all()
    hits = [(mixed(0.5, key) < 0).any(axis=(1, 2, 3)) for key in range(0, 4000, 10)]
    assert 0.4 < np.mean(hits) < 0.6 and (np.mean(hits, axis=0) > 0.3).all()


def test_consistency_by_loop():
    rng = np.random.default_rng(0)
    clean, adversarial = rng.normal(size=(2, 6, 4))
    wanted = [
        np.sum((a / np.linalg.norm(a) - b / np.linalg.norm(b)) ** 2)
        for a, b in zip(clean, adversarial, strict=True)
    ]
    np.testing.assert_allclose(embedding_consistency(clean, 7 * adversarial), wanted, rtol=1e-5)
    assert np.abs(embedding_consistency(clean, 3 * clean)).max() < 1e-6
    zero = embedding_consistency(np.zeros((1, 4)), np.zeros((1, 4)))
    assert np.isfinite(zero).all()
