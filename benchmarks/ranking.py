"""Ranking at the size of Market-1501: 3,368 queries, 15,913 gallery images, 512 numbers each.

    python -m benchmarks.ranking

Measures `pairwise_distance` + `evaluate_ranking`, and in the same run the peer: the same figures by
one NumPy loop over the queries (argsort, drop, cumulate), as the Python evaluators of torchreid and
fast-reid do it. Prints JSON; bars: 20 s and 2 GB on 2 cores.
"""

import json
import resource
import time

import numpy as np
from absl import app, flags

from keras_reid.retrieval import evaluate_ranking, pairwise_distance

QUERIES = flags.DEFINE_integer("queries", 3368, "Number of queries.", lower_bound=1)
GALLERY = flags.DEFINE_integer("gallery", 15913, "Number of gallery images.", lower_bound=1)
WIDTH = flags.DEFINE_integer("width", 512, "Numbers per embedding.", lower_bound=1)
PEOPLE, CAMERAS = 750, 6
MAX_SECONDS, MAX_GIGABYTES = 20, 2


def main(argv):
    del argv
    rng = np.random.default_rng(0)
    query, gallery = (
        rng.normal(size=[n, WIDTH.value]).astype(np.float32) for n in (QUERIES.value, GALLERY.value)
    )
    labels = [
        rng.integers(low, high, n)
        for n, first in ((QUERIES.value, 1), (GALLERY.value, 0))
        for low, high in ((first, PEOPLE + 1), (1, CAMERAS + 1))
    ]
    start = time.perf_counter()
    distance = pairwise_distance(query, gallery)
    distance_seconds = time.perf_counter() - start
    result = evaluate_ranking(distance, *labels)
    seconds = time.perf_counter() - start
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9

    start = time.perf_counter()
    peer_map, peer_rank_1 = peer(query, gallery, *labels)
    peer_seconds = time.perf_counter() - start
    assert abs(peer_map - result.mean_ap) < 1e-4 and abs(peer_rank_1 - result.rank(1)) < 1e-3

    report = {
        "queries": QUERIES.value,
        "gallery": GALLERY.value,
        "width": WIDTH.value,
        "seconds": round(seconds, 2),
        "of which distances": round(distance_seconds, 2),
        "peak_gigabytes": round(gigabytes, 3),
        "peer": "a NumPy loop over queries, as in torchreid's Python evaluator",
        "peer_seconds": round(peer_seconds, 2),
        "seconds_over_peer": round(seconds / peer_seconds, 2),
        "max_seconds": MAX_SECONDS,
        "max_gigabytes": MAX_GIGABYTES,
    }
    print(json.dumps(report, indent=2))
    return int(seconds > MAX_SECONDS or gigabytes > MAX_GIGABYTES)


def peer(query, gallery, query_pids, query_camids, gallery_pids, gallery_camids):
    """(mAP, rank-1), the distances and the ranking as usually written."""
    distance = (query**2).sum(1)[:, None] + (gallery**2).sum(1)[None] - 2 * query @ gallery.T
    order = np.argsort(distance, axis=1)
    matches = gallery_pids[order] == query_pids[:, None]
    precisions, firsts = [], []
    for row in range(len(query)):
        same_camera = gallery_camids[order[row]] == query_camids[row]
        hits = matches[row][~(matches[row] & same_camera)].astype(np.int32)
        if not hits.any():
            continue
        firsts.append(hits[0])
        found = hits.cumsum()
        precision = found / np.arange(1, len(found) + 1)
        precisions.append((precision * hits).sum() / hits.sum())
    return np.mean(precisions), np.mean(firsts)


if __name__ == "__main__":
    app.run(main)
