"""REST predict requests: bodies in order, mutated as values and as text."""

import base64
import json
import math

from benchmarks.fuzz import http_bytes, requests
from benchmarks.fuzz.names import weird_name

OK, BAD, MISSING = "HTTP 200", "HTTP 400", "HTTP 404"
NUMBERS = (
    0, 1, -1, 255, 256, 2**31, 2**53, 2**63, 2**64, 10**400, 0.5, 1e39, 1e308, -0.0, math.nan,
    math.inf, -math.inf,
)  # fmt: skip
# What json.dumps would not write.
TEXTS = (
    "1e400", "-1e400", "1" * 5000, "0x10", "01", "1.", ".5", "+1", "1e", "nul", "tru", "NaN",
    "-Infinity", "'a'", '"\\ud800"', '"\\u0000"', '"\x00"', '"\\x"', "[1,]", '{"a":1,}',
    "[" * 2000, "[" * 2000 + "]" * 2000, '{"a":' * 1500, "/* */ 1", "\ufeff1",
)  # fmt: skip


def as_json(array):
    """Nested lists; bytes as {"b64": ..}."""
    if array.dtype == object:
        return [{"b64": base64.b64encode(value).decode()} for value in array]
    return array.tolist()


def body_of(rng):
    """(model, document) of a request in order, by column or by row."""
    model, signature, inputs = requests.predict_values(rng)
    columns = {name: as_json(array) for name, array in inputs.items()}
    document = {"signature_name": signature} if signature else {}
    if rng.random() < 0.5:
        document["inputs"] = columns
    else:
        counts = {len(value) for value in columns.values() if isinstance(value, list)}
        document["instances"] = [
            {name: v[row] if isinstance(v, list) else v for name, v in columns.items()}
            for row in range(min(counts))
        ]
    return model, document


def random_value(rng):
    return rng.choice(
        [
            rng.choice(NUMBERS), rng.choice([True, False, None]), weird_name(rng), [], {}, [[]],
            {"b64": rng.choice(["AA==", "A", "", "?", 5])}, {"b64": "AA==", "x": 1},
            [rng.choice(NUMBERS)] * rng.randint(1, 4), [[1], [1, 2]], [1, [2]], [[1], 2],
            nested(rng.choice([3, 33, 65, 500])),
        ]
    )  # fmt: skip


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def paths_in(value, path=()):
    """Paths of all values of a document, not into long lists."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths_in(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(min(len(value), 3)):
            yield from paths_in(value[index], (*path, index))


def change(document, rng):
    """Puts another value, a doubled or missing one somewhere; returns what was done."""
    path = rng.choice(list(paths_in(document))[1:] or [()])
    if not path:
        return "nothing"
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    action = rng.choice(["replace", "replace", "remove", "rename", "copy"])
    if action == "remove":
        del parent[path[-1]]
    elif action == "rename" and isinstance(parent, dict):
        parent[rng.choice(["inputs", "instances", "signature_name", "b64", weird_name(rng)])] = (
            parent.pop(path[-1])
        )
    elif action == "copy" and isinstance(parent, list):
        parent.append(parent[path[-1]])
    else:
        action = "replace"
        parent[path[-1]] = random_value(rng)
    return action


def json_values(rng):
    """A JSON document whose values are not as they should be."""
    model, document = body_of(rng)
    what = [change(document, rng) for _ in range(rng.choice([0, 1, 1, 2, 4]))]
    body = json.dumps(document).encode("utf-8", "surrogatepass")
    codes = {OK, BAD, "HTTP 501"} if what else {OK, *refused(document)}
    return http_bytes.predict_case("json", what, rng, body, codes, model=model)


def refused(document):
    """Statuses of requests that are in order and not for REST."""
    signature = document.get("signature_name")
    if signature == "half":  # has no JSON form
        return {BAD, "HTTP 501"}
    # By row a scalar input becomes one for each row, and a scalar output has none; defaults are not
    # taken.
    return {BAD} if signature is None or "instances" in document else set()


def json_text(rng):
    """Text that is nearly JSON, or not at all."""
    model, document = body_of(rng)
    body = bytearray(json.dumps(document).encode())
    action = rng.choice(["flip", "cut", "insert", "value", "random", "encoding"])
    if action == "flip":
        for _ in range(rng.randint(1, 5)):
            body[rng.randrange(min(len(body), 200))] ^= 1 << rng.randrange(8)
    elif action == "cut":
        del body[rng.randrange(len(body)) :]
    elif action == "insert":
        position = rng.randrange(min(len(body), 200))
        body[position:position] = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
    elif action == "value":
        key = rng.choice(["inputs", "instances", "signature_name"])
        body = bytearray(f'{{"{key}": {rng.choice(TEXTS)}}}'.encode("utf-8", "surrogatepass"))
    elif action == "random":
        body = bytearray(rng.randbytes(rng.randint(0, 200)))
    else:
        body = bytearray(json.dumps(document).encode(rng.choice(["utf-16", "utf-32", "cp500"])))
    return http_bytes.predict_case(
        "json text", [action], rng, bytes(body), {OK, BAD, "HTTP 501"}, model=model
    )
