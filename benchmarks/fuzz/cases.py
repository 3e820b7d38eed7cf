"""Every request of the fuzzer as a function of a seed and an index."""

import random

from benchmarks.fuzz import connection_cases, grpc_cases, http_cases, json_cases

CLASSES = {  # how to draw a request: share of a thousand
    grpc_cases.predict: 430,
    grpc_cases.fails: 10,
    grpc_cases.metadata: 40,
    grpc_cases.status: 40,
    grpc_cases.impatient: 10,
    grpc_cases.frame: 160,
    json_cases.json_values: 150,
    json_cases.json_text: 70,
    http_cases.path: 50,
    http_cases.header: 13,
    http_cases.chunks: 13,
    connection_cases.pipelined: 4,
    connection_cases.slow: 4,
    connection_cases.garbage: 6,
}


def case_of(seed, index):
    """The Case number `index` of `seed`; needs none of those before it."""
    rng = random.Random(f"{seed}/{index}")  # hashed: neighbours have nothing in common
    (draw,) = rng.choices(list(CLASSES), CLASSES.values())
    return draw(rng)
