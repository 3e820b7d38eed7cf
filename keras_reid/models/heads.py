"""What may follow the feature map, and by which distance what comes out of it is compared."""

from keras_reid.errors import ReIDError
from keras_reid.models import parts, whole

# name -> (maps, num_ids, embedding_size, stripes) -> {"feature", "embedding"(, "logits", ...)}
HEADS = {
    "classification": whole.classification,
    "triplet": whole.triplet,
    "strong": whole.strong,
    "osnet": whole.osnet,
    "pcb": parts.pcb,
    "aligned": parts.aligned,
}
EUCLIDEAN = "euclidean"


def check_head(head, num_ids, embedding_size):
    """Refuses a head that nobody knows and sizes that no layer can have."""
    if head not in HEADS:
        raise ReIDError(f"no head is called {head!r}; choose one of {', '.join(HEADS)}")
    if num_ids is not None and num_ids < 2:
        raise ReIDError(f"a classifier needs at least two identities, not {num_ids}")
    if embedding_size is not None and embedding_size < 1:
        raise ReIDError(f"embedding_size must be positive, not {embedding_size}")


def own_distance(head, embedding_size, stripes):
    """The distance that a head is trained for, as `pairwise_distance` of retrieval names it."""
    if HEADS[head] is parts.aligned:
        return f"aligned:{stripes}x{embedding_size or parts.ALIGNED_WIDTH}"
    return EUCLIDEAN


def is_classifier(layer_name):
    """Whether a layer depends on who was in the training set."""
    return layer_name.endswith("logits")
