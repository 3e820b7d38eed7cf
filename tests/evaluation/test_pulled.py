"""The rank of the identity pulled to, against a loop."""

import numpy as np
import pytest

from keras_reid.data.records import Record
from keras_reid.evaluation.bench import Bench
from keras_reid.evaluation.cells import CellStore
from keras_reid.evaluation.grid import VICTIM
from keras_reid.evaluation.measuring import Place, cell_facts, measure
from keras_reid.evaluation.pulled import first_places_of
from keras_reid.evaluation.study.run import variant_cells
from keras_reid.evaluation.study.variants import make_variants
from tests.evaluation.plans import SMALL


def slow_rank(wanted, distance, query, gallery):
    """Walks down one query's ranking until somebody is the one pulled to."""
    rank = 0
    for index in sorted(range(len(gallery)), key=lambda i: (distance[i], i)):
        record = gallery[index]
        if record.pid == -1 or (record.pid, record.camid) == (query.pid, query.camid):
            continue
        rank += 1
        if record.pid == wanted:
            return rank
    return np.nan


def people(rng, count, pids):
    return tuple(
        Record(path=f"{i}.jpg", pid=int(pid), camid=int(rng.integers(0, 3)), split="gallery")
        for i, pid in enumerate(rng.choice(pids, count))
    )


@pytest.mark.parametrize("seed", range(5))
def test_rank_equals_a_walk_down_the_ranking(seed):
    rng = np.random.default_rng(seed)
    query = people(rng, 12, [1, 2, 3])
    gallery = people(rng, 30, [-1, 0, 1, 2, 3, 4])
    # Few distances, so that many are equal.
    distance = rng.integers(0, 6, (12, 30)).astype(np.float32)
    wanted = np.array([rng.choice([p for p in (1, 2, 3, 4, 9) if p != r.pid]) for r in query])
    expected = [slow_rank(*each, gallery) for each in zip(wanted, distance, query, strict=True)]
    np.testing.assert_array_equal(first_places_of(wanted, distance, query, gallery), expected)


def test_who_is_not_in_the_gallery_has_no_rank():
    rng = np.random.default_rng(0)
    query, gallery = people(rng, 3, [1, 2]), people(rng, 5, [1, 2])
    found = first_places_of(np.array([7, 8, 0]), np.ones((3, 5)), query, gallery)
    assert np.isnan(found).all()


@pytest.mark.parametrize("key", ["pull_several", "fna"])
def test_a_cell_keeps_the_rank_of_the_furthest_identity(key, dataset, model, tmp_path):
    (cell,) = variant_cells(SMALL, VICTIM, key, make_variants(2)[key])
    bench = Bench(model, dataset, SMALL)
    place = Place.of(bench, CellStore(tmp_path)).under(cell.protocol)
    arrays = measure(place, place, cell, lambda first: None).arrays
    embeddings, distance = bench.embeddings("query"), bench.clean.rank()[1]
    means = {
        pid: embeddings[bench.pids("query") == pid].mean(axis=0)
        for pid in set(bench.pids("query").tolist())
    }
    for row, record in enumerate(dataset.query):
        away = {
            pid: np.linalg.norm(embeddings[row] - mean)
            for pid, mean in means.items()
            if pid != record.pid
        }
        wanted = max(away, key=away.get)
        expected = slow_rank(wanted, distance[row], record, dataset.gallery)
        assert arrays["pulled_before"][row] == expected
    # The attack gets the images nearer to whom they are pulled to.
    assert np.median(arrays["pulled_after"]) < np.median(arrays["pulled_before"])


def test_cells_that_follow_nobody_keep_their_names(dataset, model, tmp_path):
    place = Place.of(Bench(model, dataset, SMALL), CellStore(tmp_path))
    variants = make_variants(4)

    def facts(key):
        (cell,) = variant_cells(SMALL, VICTIM, key, variants[key])
        under = place.under(cell.protocol)
        return cell_facts(under, under, cell)

    assert "also" not in facts("sma") and facts("push_one")["guides"] == [1, 0, "furthest"]
    assert facts("fna")["also"] == ["pulled"] and facts("fna")["guides"] == [1, 0, "furthest"]
    names = [CellStore(tmp_path).path(facts(key)) for key in variants]
    assert len(set(names)) == len(variants)
