"""From the records of a soak to figures and bars."""

import collections
import dataclasses

import numpy as np

from benchmarks.fuzz.verdicts import bar
from benchmarks.soak.calls import CALLS
from benchmarks.soak.story import WEIGHTS_OF

MEMORY_RATIO = 1.1
ENDING_SECONDS = 1.0  # a request sent this long before SIGTERM may not have arrived
# How a request that the ending server did not take may fail.
NOT_TAKEN = {"UNAVAILABLE", "REFUSED", "CANCELLED", "ServerUnavailable", "ServerBusy"}
FAILURES = {"INTERNAL", "UNKNOWN", "DATA_LOSS", "ServerFailure"}
LEAST_COMPARED = 20  # answers: a soak in which nobody asked proves nothing
QUANTILES = {"p50": 50, "p90": 90, "p99": 99}
SHOWN = 20


def at_least(figure, value, least):
    return {"figure": figure, "value": value, "at_least": least, "reached": value >= least}


def problem_of(record, windows, terminated):
    """A sentence, or None where a record (a dictionary) is as it should be."""
    if record["status"] not in CALLS[record["kind"]][3]:
        ending = record["end"] > terminated and record["start"] > terminated - ENDING_SECONDS
        if ending and record["status"] in NOT_TAKEN:
            return None
        return f"{record['kind']} ended in {record['status']}"
    return wrong_answer(record, windows)


def wrong_answer(record, windows):
    """A sentence where an answer is not that of a version that served at the time."""
    if record["weights"] is None:
        return None
    serving = {
        window.version
        for window in windows
        if window.model == record["model"]
        and window.opened <= record["end"]
        and window.closed >= record["start"]
    }
    if record["version"] is not None:
        if record["version"] not in serving:
            return f"{record['kind']} was answered by version {record['version']}, gone or to come"
        serving = {record["version"]}
    if not {WEIGHTS_OF[version] for version in serving} & set(record["weights"]):
        return f"{record['kind']} has a wrong answer for version {sorted(serving)}"
    return None


def figures(records):
    """{kind: {"requests", "statuses", "milliseconds"}}."""
    by_kind = collections.defaultdict(list)
    for record in records:
        by_kind[record["kind"]].append(record)
    found = {}
    for kind, rows in sorted(by_kind.items()):
        spans = [1000 * (row["end"] - row["start"]) for row in rows]
        found[kind] = {
            "requests": len(rows),
            "statuses": dict(collections.Counter(row["status"] for row in rows)),
            "milliseconds": {
                name: round(float(np.percentile(spans, q)), 2) for name, q in QUANTILES.items()
            },
        }
    return found


def report(records, story, server, load_ended_well, memory_ratio=MEMORY_RATIO):
    """{"bars", "figures", ..} of the load's records and of the story.

    memory_ratio: of the server's memory after the third swap to that after the first, at most.
    """
    problems, wrong, failures, compared = [], 0, 0, 0
    for record in records:
        problem = problem_of(record, story.windows, story.terminated)
        compared += record["weights"] is not None
        failures += record["status"] in FAILURES
        if problem:
            wrong += record["weights"] is not None
            problems.append({"problem": problem, **record})
    calm = [record for record in records if record["end"] < story.terminated]
    by_version = collections.Counter(str(r["version"]) for r in calm if r["version"] is not None)
    last = story.last_records
    under_way = [record for record in last if record.end > story.terminated]
    lost = [
        record for record in under_way
        if record.status != "OK" or wrong_answer(dataclasses.asdict(record), story.windows)
    ]  # fmt: skip
    first, third = (story.memory[f"after the {name} swap"] for name in ("first", "third"))
    ratio = third["rss"] / first["rss"]
    bars = [
        bar("wrong answers", wrong, 0),
        bar("requests that failed and should not", len(problems) - wrong, 0),
        bar("INTERNAL and its like", failures, 0),
        bar("requests under way at SIGTERM that were not answered", len(lost), 0),
        at_least("requests under way at SIGTERM", len(under_way), 1),
        at_least("answers compared", compared, LEAST_COMPARED),
        at_least("versions that answered", len(by_version), len(WEIGHTS_OF)),
        bar("memory after the third swap, of that after the first", round(ratio, 4), memory_ratio),
        bar("tracebacks in the server's log", server.tracebacks(), 0),
        bar("exit code of the server", abs(story.exit_code), 0),
        bar("clients that broke", int(not load_ended_well), 0),
    ]  # fmt: skip
    return {
        "bars": bars,
        "requests": len(records),
        "answers_compared": compared,
        "answers_by_version": dict(sorted(by_version.items())),
        "figures": figures(calm),
        "after_sigterm": dict(
            collections.Counter(r["status"] for r in records if r["end"] >= story.terminated)
        ),
        "memory": story.memory,
        "events": story.events,
        "problems": problems[:SHOWN],
        "under_way_at_sigterm": [record.status for record in under_way],
    }
