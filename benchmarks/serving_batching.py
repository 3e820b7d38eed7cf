"""What dynamic batching gains sixteen callers who embed one image at a time.

    python -m benchmarks.serving_batching

Contestant: the embedded server with --enable_batching. Peer: the same server without it, in a
process of its own; they take turns, so that a noisy machine hits both, and the idle one costs
nothing. The callers send one request after another over gRPC, packed beforehand: what they cost is
not the server's. Prints JSON; the bar of `throughput` (contestant / peer) is 1.3 for one of the
models.
"""

import concurrent.futures
import contextlib
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.race import race
from benchmarks.served import exported_models, server
from serving.connection import parse
from serving.grpc_options import channel_of
from serving.messages import PREDICTION_SERVICE, PredictRequest
from serving.tensors import to_proto

CALLERS, REQUESTS, ROUNDS, BAR = 16, 12, 9, 1.3
MODELS = {  # name: (arguments and keywords of build_reid_model)
    "osnet_x0_25 256x128": (("osnet", (256, 128)), {"alpha": 0.25}),
    "demo 64x32": (("small", (64, 32)), {"head": "strong", "last_stride": 1, "stripes": 2}),
}
# Eight images still fit the caches of a CPU, and no sizes to pad to: it would compute the copies.
PARAMETERS = """
max_batch_size { value: 8 }
batch_timeout_micros { value: 0 }
num_batch_threads { value: 2 }
max_enqueued_batches { value: 100 }
"""


def main():
    with exported_models(MODELS) as paths, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "batching.pbtxt"
        file.write_text(PARAMETERS, encoding="utf-8")
        batching = ("--enable_batching", f"--batching_parameters_file={file}")
        results = {name: measure(paths[name], MODELS[name][0][1], batching) for name in MODELS}
    print(
        json.dumps(
            {
                "benchmark": "serving_batching",
                "setting": f"{CALLERS} callers, one image a request, {CALLERS * REQUESTS} requests "
                f"a round, {ROUNDS} rounds, gRPC; {' '.join(PARAMETERS.split())}",
                "throughput": {name: result.pop("ratio") for name, result in results.items()},
                "bar": BAR,
                "models": results,
            }
        )
    )


def measure(base_path, size, batching):
    """The figures of one model, batched and plain."""
    waits = {"plain": [], "batched": []}  # seconds of every request
    with contextlib.ExitStack() as stack:
        crowds = {}
        for name, arguments in (("plain", ()), ("batched", batching)):
            threads = f"--grpc_max_threads={2 * CALLERS}"
            address = stack.enter_context(server(base_path, threads, *arguments))
            crowds[name] = stack.enter_context(crowd(address, size, waits[name]))
        seconds = race(crowds, ROUNDS)
    warm_up = CALLERS * REQUESTS  # the race's first round is not counted
    figures = {
        name: {
            "requests_per_second": round(CALLERS * REQUESTS / statistics.median(times), 1),
            "p50_ms": round(1000 * float(np.percentile(waits[name][warm_up:], 50)), 1),
            "p99_ms": round(1000 * float(np.percentile(waits[name][warm_up:], 99)), 1),
        }
        for name, times in seconds.items()
    }
    ratio = statistics.median(np.divide(seconds["plain"], seconds["batched"]))
    return {"ratio": round(float(ratio), 3), **figures}


@contextlib.contextmanager
def crowd(address, size, waits):
    """Yields a callable: every caller sends `REQUESTS` requests; their seconds go to `waits`."""
    pixels = np.random.default_rng(0).integers(0, 256, (CALLERS, 1, *size, 3), np.uint8)
    requests = [packed(image) for image in pixels]
    with contextlib.ExitStack() as stack:
        channel = stack.enter_context(channel_of(parse(address)))
        callers = stack.enter_context(concurrent.futures.ThreadPoolExecutor(CALLERS))
        predict = channel.unary_unary(f"/{PREDICTION_SERVICE}/Predict")

        def call(request):
            seconds = []
            for _ in range(REQUESTS):
                started = time.perf_counter()
                predict(request, timeout=120)
                seconds.append(time.perf_counter() - started)
            return seconds

        def run():
            for seconds in callers.map(call, requests):
                waits.extend(seconds)

        yield run


def packed(image):
    """The bytes of an `embed` request."""
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "reid", "embed"
    request.inputs["images"].CopyFrom(to_proto(image))
    return request.SerializeToString()


if __name__ == "__main__":
    main()
