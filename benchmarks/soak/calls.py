"""The kinds of requests that the load is made of, and how each may end."""

from benchmarks.soak import asking, misusing
from benchmarks.soak.lane import ENCODED, MODEL

OK = frozenset({"OK"})
REFUSED = frozenset({"INVALID_ARGUMENT"})

# kind: (call, model, share of a thousand, statuses)
CALLS = {
    "embed": (asking.embed, MODEL, 220, OK),
    "embed batch": (asking.embed_batch, MODEL, 130, OK),
    "files": (asking.files, ENCODED, 80, OK),
    "client embed": (asking.by_client("grpc", "embed"), MODEL, 60, OK),
    "client files": (asking.by_client("grpc", "files"), ENCODED, 40, OK),
    "REST embed": (asking.by_client("rest", "embed"), MODEL, 50, OK),
    "REST files": (asking.by_client("rest", "files"), ENCODED, 40, OK),
    "REST attack": (asking.rest_attack, MODEL, 10, OK),
    "attack sma": (asking.attack_of("sma"), MODEL, 80, OK),
    "attack fna": (asking.attack_of("fna"), MODEL, 60, OK),
    "NaN in a row": (asking.not_a_number, MODEL, 30, OK),
    "bad dtype": (misusing.bad_dtype, MODEL, 30, REFUSED),
    "bad image": (misusing.bad_image, ENCODED, 30, REFUSED),
    "bad model": (misusing.bad_model, MODEL, 20, frozenset({"NOT_FOUND"})),
    "bad version": (misusing.bad_version, MODEL, 20, frozenset({"NOT_FOUND"})),
    "bad signature": (misusing.bad_signature, MODEL, 20, frozenset({"FAILED_PRECONDITION"})),
    "deadline": (misusing.deadline, MODEL, 20, frozenset({"OK", "DEADLINE_EXCEEDED"})),
    "cancelled": (misusing.cancelled, MODEL, 20, frozenset({"OK", "CANCELLED"})),
    "gRPC disconnect": (misusing.grpc_disconnect, MODEL, 20, frozenset({"OK", "CANCELLED"})),
    "REST disconnect": (misusing.rest_disconnect, MODEL, 20, frozenset({"GONE"})),
}
