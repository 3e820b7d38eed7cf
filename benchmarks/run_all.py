"""Runs every benchmark and keeps what it printed.

    python -m benchmarks.run_all        (or: make bench)

Writes benchmarks/results.json: each benchmark's JSON, with the commit, versions and machine.
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
    results = {name: run(name) for name in BENCHMARKS}
    write_json(RESULTS, {"provenance": provenance(["benchmarks.run_all"]), "results": results})
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    main()
