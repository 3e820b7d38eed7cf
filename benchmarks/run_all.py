"""Runs every benchmark, or those named, and keeps what they printed.

    python -m benchmarks.run_all        (or: make bench)
    python -m benchmarks.run_all misrank_step ranking

Writes benchmarks/results.json: each benchmark's JSON, with the commit, versions and machine that it
ran on. Those that were not named stay as they are.
"""

import json
import subprocess
import sys
from pathlib import Path

from keras_reid.files import write_json
from keras_reid.runs.provenance import provenance

BENCHMARKS = (
    "ranking",
    "attack_loop",
    "goat_step",
    "misrank_step",
    "gallery_memory",
    "synthetic_fairness",
    "serving_overhead",
    "serving_batching",
)
RESULTS = Path(__file__).with_name("results.json")


def run(name):
    """The JSON object that a benchmark prints at the end of its output."""
    print(f"benchmarks.{name} ...", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True, check=True
    )
    print(done.stdout)
    return json.loads(done.stdout[done.stdout.index("{") :])


def main():
    names = sys.argv[1:] or BENCHMARKS
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(
            f"error: no benchmark is called {', '.join(unknown)}; there are "
            f"{', '.join(BENCHMARKS)}", file=sys.stderr,
        )  # fmt: skip
        sys.exit(2)
    for name in names:
        found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        found[name] = {**run(name), "provenance": provenance(sys.argv)}
        write_json(RESULTS, found)
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    main()
