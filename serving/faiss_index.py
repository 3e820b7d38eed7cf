"""Galleries too large for NumPy, by FAISS (extra `faiss`): exact, or approximate by choice.

FAISS only names candidates. Their distances are computed as `serving.gallery_index` does, so that
every kind of index gives the same figures, and ties the same order.
"""

import hashlib
import importlib.util
import zipfile
from pathlib import Path

import numpy as np

from serving.errors import BadRequest
from serving.files import write_npz
from serving.gallery_index import COSINE, among, check, nearest, unit_rows

MARGIN = 32  # more candidates than wanted: rounding may swap neighbours at the edge
LINKS, BUILD_WIDTH, SEARCH_WIDTH = 32, 80, 128  # of HNSW: edges a node, candidates held
SAMPLE, RECALL_AT = 100, 10
SUFFIX = ".hnsw.npz"


def faiss():
    """The module, or one sentence."""
    if importlib.util.find_spec("faiss") is None:
        raise BadRequest(
            "--index=faiss needs FAISS, which is not installed: pip install 'keras_reid[faiss]', "
            "or leave --index out"
        )
    import faiss

    return faiss


class FaissIndex:
    """A FAISS index over `embeddings`; searched by rows, measured by NumPy.

    recall: share of the true nearest that it finds, where that was measured; None of an exact one.
    """

    def __init__(self, index, embeddings, metric, recall=None):
        self._index = index
        self._embeddings = embeddings
        self._metric = metric
        self.recall = recall

    @classmethod
    def flat(cls, embeddings, metric):
        """Exact, up to the order of equal distances."""
        index = faiss().IndexFlatL2(embeddings.shape[1])
        index.add(prepared(embeddings, metric))
        return cls(index, embeddings, metric)

    @classmethod
    def hnsw(cls, embeddings, metric):
        """Approximate: a graph of neighbours. `recall` is measured against NumPy."""
        index = faiss().IndexHNSWFlat(embeddings.shape[1], LINKS)
        index.hnsw.efConstruction = BUILD_WIDTH
        index.hnsw.efSearch = SEARCH_WIDTH
        index.add(prepared(embeddings, metric))
        built = cls(index, embeddings, metric)
        built.recall = recall(built, embeddings, metric)
        return built

    def nearest(self, query, count):
        """(rows, distances) of at most `count` gallery images."""
        check(self._embeddings, query, count)
        wanted = min(len(self._embeddings), count + MARGIN)
        found = self._index.search(prepared(query[np.newaxis], self._metric), wanted)[1][0]
        return among(self._embeddings, found[found >= 0], query, count, self._metric)

    def packed(self):
        """The index as a uint8 array."""
        return faiss().serialize_index(self._index)


def prepared(embeddings, metric):
    """The nearest by cosine are the nearest by length of the difference of unit vectors."""
    rows = unit_rows(embeddings) if metric == COSINE else embeddings
    return np.ascontiguousarray(rows, np.float32)


def recall(index, embeddings, metric):
    """Share of the ten nearest others that `index` finds, for up to 100 images of the gallery."""
    generator = np.random.default_rng(0)
    asked = generator.choice(len(embeddings), min(SAMPLE, len(embeddings)), replace=False)
    found = wanted = 0
    for row in asked:
        here = [x for x in index.nearest(embeddings[row], RECALL_AT + 1)[0] if x != row]
        there = [
            x for x in nearest(embeddings, embeddings[row], RECALL_AT + 1, metric)[0] if x != row
        ]
        found += len(set(here[:RECALL_AT]) & set(there[:RECALL_AT]))
        wanted += len(there[:RECALL_AT])
    return found / wanted if wanted else 1.0


def kept_hnsw(gallery, metric, say):
    """The HNSW index of a Gallery: read from beside its file, or built and kept there."""
    path = Path(gallery.home + SUFFIX) if gallery.home else None
    digest = digest_of(gallery.embeddings, metric)
    index = read(path, digest, gallery.embeddings, metric) if path else None
    if index is None:
        say(f"building an index of {len(gallery.embeddings)} gallery images")
        index = FaissIndex.hnsw(gallery.embeddings, metric)
        try:
            if path:
                write_npz(path, index=index.packed(), digest=digest, recall=index.recall)
        except BadRequest as error:  # a read-only place is no reason to fail
            say(f"not remembered: {error}")
    say(
        f"approximate index: it finds {100 * index.recall:.1f} % of the true {RECALL_AT} nearest "
        f"({min(SAMPLE, len(gallery.embeddings))} gallery images asked); --index=exact finds all"
    )
    return index


def read(path, digest, embeddings, metric):
    """A kept index of these very embeddings, or None."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["digest"]) != digest:
                return None
            index = faiss().deserialize_index(file["index"])
            found = FaissIndex(index, embeddings, metric, float(file["recall"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, RuntimeError):
        return None
    return found


def digest_of(embeddings, metric):
    """Changes with the gallery, the metric, FAISS and the graph's settings."""
    settings = (metric, faiss().__version__, LINKS, BUILD_WIDTH, SEARCH_WIDTH, embeddings.shape)
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(embeddings))
    return digest.hexdigest()
