"""Minutes of mixed load on a model server whose versions change, and that ends under it.

    python -m benchmarks.soak --minutes=10 --output=benchmarks/soak.json

Embeddings, attacks, bad requests, disconnects, deadlines and cancelled calls over gRPC and REST;
three swaps, a rollback, SIGTERM. Every answer is compared with that of the version that gave it.
Exit code 1 where a bar is missed; see docs/soak.md.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from absl import flags

from benchmarks.server_process import ServerProcess, free_port
from benchmarks.soak.answers import Answers
from benchmarks.soak.lane import Lane
from benchmarks.soak.load import Load
from keras_reid.files import write_json
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance
from serving.errors import ServerFailure

BATCHING = """
max_batch_size { value: 64 } batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 100 } num_batch_threads { value: 2 }
"""
CONFIG = """
config {{ name: "{name}" base_path: "{base}/{name}" model_platform: "tensorflow" }}
"""


def define_flags():
    """This command's flags."""
    flags.DEFINE_float("minutes", 10.0, "How long.", lower_bound=0.1)
    flags.DEFINE_float("seconds", None, "Instead of --minutes.", lower_bound=6)
    flags.DEFINE_integer("processes", 2, "That ask.", lower_bound=1)
    flags.DEFINE_integer("clients", 3, "In each of them.", lower_bound=1)
    flags.DEFINE_integer("seed", 0, "Of the requests.")
    flags.DEFINE_float("memory_ratio", 1.1, "Memory after the third swap of that after the first.")
    flags.DEFINE_string("output", None, "JSON file to write; none unless named.")


def say(line):
    print(line, flush=True)


def batching_flags(folder):
    """The flags of dynamic batching, where the server has them."""
    told = subprocess.run(
        [sys.executable, "-m", "serving.serve", "--help"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    if "--[no]enable_batching" not in told:
        return []
    file = folder / "batching.config"
    file.write_text(BATCHING, encoding="utf-8")
    return ["--enable_batching", f"--batching_parameters_file={file}"]


def soak(folder, values):
    """The report as a dictionary, verdicts in it."""
    # TensorFlow: not for the processes that ask, which import this module, too.
    from benchmarks.soak.exports import make_exports, publish
    from benchmarks.soak.story import WEIGHTS_OF, Story
    from benchmarks.soak.verdicts import report

    say("exporting two models")
    make_exports(folder)
    base = folder / "served"
    publish(folder, WEIGHTS_OF[1], base, 1)
    config = folder / "models.config"
    models = "".join(CONFIG.format(name=name, base=base) for name in ("reid", "reid_encoded"))
    config.write_text(f"model_config_list {{ {models} }}", encoding="utf-8")
    settings = batching_flags(folder)
    say(f"starting the server {' '.join(settings) or '(without batching)'}")
    seconds = values.seconds or values.minutes * 60
    answers = folder / "answers.npz"
    with ServerProcess(
        folder, f"--model_config_file={config}", "--grpc_max_threads=32",
        "--rest_api_num_threads=16", *settings, rest_port=free_port(),
    ) as server:  # fmt: skip
        addresses = (server.grpc_address, server.rest_address)
        load = Load(
            addresses, answers, folder, processes=values.processes, threads=values.clients,
            seed=values.seed,
        )  # fmt: skip

        def check():
            if server.exit_code is not None:
                raise ServerFailure(f"the server ended by itself: {server.text()[-2000:]}")
            if load.failed:
                raise ServerFailure("a process of the load ended by itself; see its output above")

        with load:
            load.wait_running()
            lane = Lane(*addresses, Answers(answers))
            story = Story(server, folder, base, seconds, say, check, load.tell_to_stop)
            story.tell(lane)
            ended_well = load.join()
            lane.close()
        found = report(load.records(), story, server, ended_well, values.memory_ratio)
    return {"seconds": seconds, "batching": bool(settings), **found}


def main(argv):
    del argv
    values = flags.FLAGS
    with tempfile.TemporaryDirectory() as folder:
        report = soak(Path(folder), values)
    report["provenance"] = provenance(sys.argv)
    say(json.dumps({key: report[key] for key in ("figures", "problems", "bars")}, indent=2))
    if values.output:
        write_json(values.output, report)
        say(f"written: {values.output}")
    return 0 if all(bar["reached"] for bar in report["bars"]) else 1


if __name__ == "__main__":
    define_flags()
    entry.run(main)
