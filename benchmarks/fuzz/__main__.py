"""Sends requests that nobody should send to a model server, and judges every answer.

    python -m benchmarks.fuzz --requests=100000 --seed=0 --output=benchmarks/fuzz.json
    python -m benchmarks.fuzz --seed=0 --only=4711        # one of them again, shown

Starts `python -m serving.serve` with tiny models. Each request is a function of seed and index.
Exit code 1 where the server answered what TensorFlow Serving would not, stopped, forgot a known
answer, grew or leaked; docs/soak.md tells how to follow a finding.
"""

import json
import sys
import tempfile
from pathlib import Path

from absl import flags

from benchmarks.fuzz.campaign import Progress, run_all, run_one
from benchmarks.fuzz.judge import finding
from benchmarks.fuzz.known import KnownAnswers
from benchmarks.fuzz.verdicts import Watch, verdicts
from benchmarks.server_process import ServerProcess, free_port
from keras_reid.files import write_json
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from serving.errors import ServerFailure


def define_flags():
    """This command's flags."""
    flags.DEFINE_integer("requests", 100_000, "How many to send.", lower_bound=1)
    flags.DEFINE_integer("first", 0, "Index of the first one.", lower_bound=0)
    flags.DEFINE_integer("seed", 0, "Of all requests.")
    flags.DEFINE_integer("processes", 2, "That send.", lower_bound=1)
    flags.DEFINE_integer("only", None, "Index of one request to send and show.", lower_bound=0)
    flags.DEFINE_string("output", None, "JSON file to write; none unless named.")


def say(line):
    print(line, flush=True)


def fuzz(server, values):
    """The report as a dictionary, verdicts in it."""
    addresses = (server.grpc_address, server.rest_address)
    progress = Progress(values.requests, say)
    with KnownAnswers(*addresses) as known:
        watch = Watch(server, known, values.requests)

        def after_chunk(tally):
            progress.tell(tally)
            watch.look(tally)

        indices = range(values.first, values.first + values.requests)
        tally = run_all(
            addresses, values.seed, indices, processes=values.processes, after_chunk=after_chunk
        )
        return {"requests": tally.done, "seed": values.seed, **verdicts(server, tally, watch)}


def show(server, values):
    """Sends one request; returns whether the answer is proper."""
    addresses = (server.grpc_address, server.rest_address)
    case, outcome = run_one(addresses, values.seed, values.only)
    problem = finding(case, outcome)
    say(json.dumps({**case.summary(), "outcome": vars(outcome), "finding": problem}, indent=2))
    say(server.text())
    return problem is None


def main(argv):
    del argv
    values = flags.FLAGS
    from benchmarks.fuzz.models import save_models  # TensorFlow: not for the processes that send

    with tempfile.TemporaryDirectory() as folder:
        say("saving the models")
        config = save_models(folder)
        with ServerProcess(
            folder, f"--model_config_file={config}", rest_port=free_port()
        ) as server:
            if values.only is not None:
                return 0 if show(server, values) else 1
            try:
                report = fuzz(server, values)
            except ServerFailure as error:
                print(f"error: {error}", file=sys.stderr)
                return 1
    report["provenance"] = provenance(sys.argv)
    say(json.dumps({key: report[key] for key in ("counts", "bars")}, indent=2))
    for found in report["findings"][:20]:
        say(f"finding: {json.dumps(found)}")
    if values.output:
        write_json(Path(values.output), report)
        say(f"written: {values.output}")
    return 0 if all(bar["reached"] for bar in report["bars"]) else 1


if __name__ == "__main__":
    define_flags()
    entry.run(main)
