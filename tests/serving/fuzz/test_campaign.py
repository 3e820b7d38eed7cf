"""`make soak`'s fuzzer, small: 2,000 requests to a server process, and none of them a finding."""

import json

import pytest

from benchmarks.fuzz.case import Case, Outcome
from benchmarks.fuzz.cases import CLASSES, case_of
from benchmarks.fuzz.judge import finding
from benchmarks.fuzz.send import parsed
from tests.commands import run


@pytest.mark.slow
def test_two_thousand_requests_are_answered_as_tensorflow_serving_answers(tmp_path):
    results = tmp_path / "fuzz.json"
    done = run("benchmarks.fuzz", "--requests=2000", "--seed=1", f"--output={results}")
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    found = json.loads(results.read_text())
    assert found["requests"] == 2000 and found["findings"] == []
    assert all(bar["reached"] for bar in found["bars"])
    assert sum(sum(row.values()) for row in found["counts"].values()) == 2000
    # Most of them get past the first check.
    assert found["counts"]["predict"]["OK"] > 100
    assert found["known_answers"]["checked"] >= 1


def test_a_case_is_a_function_of_seed_and_index():
    cases = [case_of(3, index) for index in range(300)]
    assert cases == [case_of(3, index) for index in range(300)]
    assert len({case.payload for case in cases}) > 250
    assert case_of(4, 0) != cases[0]


def test_every_class_of_requests_is_drawn():
    kinds = {case_of(0, index).kind for index in range(3000)}
    assert len(kinds) >= len(CLASSES) - 1  # `fails` counts with predict


def case(*allowed, kind="predict", timeout=20.0):
    return Case(kind, (), "grpc", "/", b"", frozenset(allowed), timeout)


@pytest.mark.parametrize(
    ("sent", "outcome", "problem"),
    [
        (case("OK"), Outcome("OK", "", 0.1), None),
        (case("OK"), Outcome("NOT_FOUND", "", 0.1), "answered NOT_FOUND"),
        (case("OK"), Outcome("REFUSED", "", 0.1), "answered REFUSED"),
        (case("INTERNAL"), Outcome("INTERNAL", "not a X: cut", 0.1), None),
        (case("INTERNAL"), Outcome("INTERNAL", "list index out of range", 0.1), "INTERNAL, and"),
        (case("OK"), Outcome("OK", "", 26.0), "after 26.0 s"),
        (case("HTTP 400"), Outcome("HTTP 400", "GARBLED", 0.1), "without its"),
    ],
)
def test_the_judge(sent, outcome, problem):
    found = finding(sent, outcome)
    assert (found is None) if problem is None else problem in found


JSON = b"\r\nContent-Type: application/json\r\nContent-Length: "


@pytest.mark.parametrize(
    ("received", "status"),
    [
        (b"HTTP/1.1 200 OK" + JSON + b"2\r\n\r\n{}", "HTTP 200"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK" + JSON + b"2\r\n\r\n{}", "HTTP 200"),
        (b"HTTP/1.1 400 Bad" + JSON + b"15\r\n\r\n{\"error\": \"no\"}", "HTTP 400"),
        (b"HTTP/1.1 400 Bad" + JSON + b"3\r\n\r\n{\"e", "GARBLED"),
        (b"<html>", "GARBLED"),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_http(received, status):
    assert parsed(received, case())[0] == status
