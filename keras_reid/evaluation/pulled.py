"""Where the identity that an image is pulled to stands in its ranking, before and after."""

import numpy as np

from keras_reid.data.records import camids_of, pids_of
from keras_reid.retrieval import evaluate_ranking

BEFORE, AFTER = "pulled_before", "pulled_after"


def pulled_ranks(bench, maker, cell, distance):
    """First place of the identity pulled to, in each query's ranking before and after the attack.

    Args:
      bench: Bench of the model that ranks. maker: of the model that chose whom to pull to.
      cell: Cell on all queries, of an attack that pulls.
      distance: [Q, G] after the attack.

    Returns:
      {"pulled_before", "pulled_after"}: float64 [Q], from 1; NaN where that identity has no image
      in the gallery, or the query is a distractor or junk, which nobody attacks.
    """
    source = maker.source(cell.guide_source, cell.attacked, cell.seed)
    pids = maker.pids(cell.attacked)
    wanted = source.pulled(maker.embeddings(cell.attacked), pids)
    wanted = np.where(pids > 0, wanted, 0)
    clean = bench.clean
    _, before = clean.rank()
    return {
        BEFORE: first_places_of(wanted, before, clean.query, clean.gallery),
        AFTER: first_places_of(wanted, distance, clean.query, clean.gallery),
    }


def first_places_of(wanted, distance, query, gallery):
    """Rank of the first image of an identity in each query's ranking.

    As in the ranking itself, junk and images of the query's own person and camera don't count.

    Args:
      wanted: [Q] pids, of nobody's own; 0 for none.
      distance: [Q, G], smaller is closer.
      query, gallery: Records.

    Returns:
      float64 [Q], from 1; NaN where the gallery has no image of that identity.
    """
    pids, camids = pids_of(gallery), camids_of(gallery)
    if not np.isin(wanted, pids[pids > 0]).any():
        return np.full(len(wanted), np.nan)
    own = pids_of(query)[:, None] == pids[None]
    own &= camids_of(query)[:, None] == camids[None]
    # Behind everybody is as good as not there, and a camera that nobody has lets all others count.
    nowhere = np.full(len(wanted), camids.min() - 1)
    ranking = evaluate_ranking(np.where(own, np.inf, distance), wanted, nowhere, pids, camids)
    return np.where(ranking.first_match > 0, ranking.first_match, np.nan)
