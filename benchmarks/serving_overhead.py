"""What the embedded server costs beside the run of the model.

    python -m benchmarks.serving_overhead

Served: `ReIDClient.embed` over gRPC, the server in a process of its own. Peer: the same SavedModel
in the same kind of session, in this process. They alternate, so that a noisy machine hits both.
Prints JSON; the bars of `milliseconds` (served - peer, at the median) are 3 for one image of
256x128 and 8 for sixteen.
"""

import json
import statistics

import numpy as np

from benchmarks.race import race
from benchmarks.served import exported_models, server
from serving.client import ReIDClient
from serving.server.loader import LoadedModel

SIZE, ROUNDS, NAME = (256, 128), 60, "osnet_x0_25"
BARS = {"1": 3, "16": 8}


def main():
    with exported_models({NAME: (("osnet", SIZE), {"alpha": 0.25})}) as paths:
        with server(paths[NAME]) as address, ReIDClient(address) as client:
            session = LoadedModel(paths[NAME] / "1")
            report = {
                "benchmark": "serving_overhead",
                "setting": f"OSNet x0.25, uint8 images of {SIZE}, gRPC, {ROUNDS} rounds",
                **measure(client, session),
            }
            session.close()
    print(json.dumps(report))


def measure(client, session):
    """The figures of the report, {batch size: figure} each."""
    signature = session.signatures["embed"]
    feed, fetch = signature.inputs["images"].name, signature.outputs["embeddings"].name
    pixels = np.random.default_rng(0).integers(0, 256, (16, *SIZE, 3), np.uint8)
    served, peer, overhead = {}, {}, {}
    for count in map(int, BARS):
        images = pixels[:count]
        seconds = race(
            {
                "served": lambda images=images: client.embed(images),
                "peer": lambda images=images: session.run({feed: images}, [fetch]),
            },
            ROUNDS,
        )
        medians = {name: 1000 * statistics.median(times) for name, times in seconds.items()}
        apart = 1000 * np.subtract(seconds["served"], seconds["peer"])
        served[str(count)] = round(medians["served"], 2)
        peer[str(count)] = round(medians["peer"], 2)
        overhead[str(count)] = round(statistics.median(apart), 2)
    return {"milliseconds": overhead, "bar": BARS, "served": served, "in_process": peer}


if __name__ == "__main__":
    main()
