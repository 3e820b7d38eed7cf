"""What happens to the server during a soak: three swaps, a rollback, and the end under load.

version 1 -> 2 -> (2 is taken back) 1 -> 3 -> 4 -> SIGTERM
"""

import dataclasses
import statistics
import time

import numpy as np

from benchmarks.soak.answers import IMAGES, inputs_of
from benchmarks.soak.asking import attacked_by
from benchmarks.soak.exports import publish, withdraw
from benchmarks.soak.lane import ENCODED, MODEL, Record, predict_request
from serving.client import ReIDClient
from serving.errors import DeadlineExceeded

# When, as a share of the whole time.
FIRST_SWAP, ROLLBACK, SECOND_SWAP, THIRD_SWAP = 0.15, 0.4, 0.55, 0.7
SETTLED = 0.15  # of the whole time: memory is measured in the second half of it
SAMPLES = 7
POLL_SECONDS = 0.02
SWAP_SECONDS = 60.0
END_ROWS = 48  # of each attack that is under way at the end
END_CALLS = 3, 8  # of them; as many as take about that long, well within the server's grace
END_SECONDS = 6.0
LONGEST_LEAD = 0.3  # seconds for requests to arrive
WEIGHTS_OF = {1: "a", 2: "b", 3: "a", 4: "b"}


@dataclasses.dataclass
class Window:
    """From when on a version may answer, and until when; times of time.monotonic."""

    model: str
    version: int
    opened: float
    closed: float = float("inf")


class Story:
    """Tells it once; afterwards `windows`, `memory` and `last_records` are filled.

    Args:
      server: ServerProcess.
      folder: where `exports.make_exports` wrote.
      base: that the server polls, with version 1 in it.
      seconds: for all of it.
      say: called with a line for each event.
      check: called again and again; may raise.
      ending: called once SIGTERM is sent.
    """

    def __init__(self, server, folder, base, seconds, say, check, ending):
        self._server, self._folder, self._base = server, folder, base
        self._seconds, self._say, self._check = seconds, say, check
        self._ending = ending
        self._started = time.monotonic()
        self.windows = [Window(model, 1, float("-inf")) for model in (MODEL, ENCODED)]
        self.events, self.memory = [], {}
        self.last_records, self.exit_code = [], None
        self.terminated = float("inf")

    def tell(self, lane):
        """Lane: for the requests that are under way at the end."""
        with (
            ReIDClient(self._server.grpc_address, MODEL) as main,
            ReIDClient(self._server.grpc_address, ENCODED) as encoded,
        ):
            self._clients = {MODEL: main, ENCODED: encoded}
            self._until(FIRST_SWAP)
            self._move_to(2, "first swap", publish, self._folder, WEIGHTS_OF[2], self._base, 2)
            self._measure("after the first swap")
            self._until(ROLLBACK)
            self._move_to(1, "rollback", withdraw, self._base, 2)
            self._until(SECOND_SWAP)
            self._move_to(3, "second swap", publish, self._folder, WEIGHTS_OF[3], self._base, 3)
            self._until(THIRD_SWAP)
            self._move_to(4, "third swap", publish, self._folder, WEIGHTS_OF[4], self._base, 4)
            self._measure("after the third swap")
            self._until(1.0)
        self._end(lane)

    def _until(self, share):
        self._wait(self._started + share * self._seconds - time.monotonic())

    def _wait(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, 0.5))

    def _event(self, what):
        self.events.append({"seconds": round(time.monotonic() - self._started, 2), "what": what})
        self._say(f"{self.events[-1]['seconds']:7.1f} s  {what}")

    def _move_to(self, version, what, change, *arguments):
        """Changes the folder and waits until only `version` serves, in both servables."""
        began = time.monotonic()
        change(*arguments)
        self.windows += [Window(model, version, began) for model in self._clients]
        for model, client in self._clients.items():
            while (serving := _serving(client)) != [version]:
                if time.monotonic() > began + SWAP_SECONDS:
                    raise DeadlineExceeded(
                        f"{model} serves {serving} and not version {version}, "
                        f"{SWAP_SECONDS:g} s after the {what}"
                    )
                time.sleep(POLL_SECONDS)
            for window in self.windows:
                if window.model == model and window.version != version:
                    window.closed = min(window.closed, time.monotonic())
        self._event(f"{what}: version {version} serves after {time.monotonic() - began:.1f} s")

    def _measure(self, name):
        """Memory once the old version has had time to go: the median of some samples."""
        settled = self._seconds * SETTLED / 2
        self._wait(settled)
        samples = []
        for _ in range(SAMPLES):
            self._wait(settled / SAMPLES)
            samples.append(self._server.resources())
        self.memory[name] = {
            "rss": statistics.median(sample.rss for sample in samples),
            "rss_samples": [sample.rss for sample in samples],
            "threads": max(sample.threads for sample in samples),
            "sockets": max(sample.sockets for sample in samples),
        }
        self._event(f"memory {name}: {self.memory[name]['rss'] / 2**20:.1f} MiB")

    def _end(self, lane):
        """SIGTERM while attacks are under way."""
        rng = np.random.default_rng(0)
        record, rows, call = self._begin(lane, rng)
        call.result()
        alone = time.monotonic() - record.start
        count = int(np.clip(END_SECONDS / alone, *END_CALLS))
        begun = [self._begin(lane, rng) for _ in range(count)]
        time.sleep(min(alone, LONGEST_LEAD))
        self.terminated = time.monotonic()
        self._server.terminate()
        self._event(f"SIGTERM with {count} attacks sent before")
        self._ending()
        for record, rows, call in begun:
            outputs = lane.finish(record, call)
            record.end = record.end or time.monotonic()  # the callback may come a moment later
            if outputs:
                record.weights = attacked_by(lane.answers, "sma", rows, outputs)
            self.last_records.append(record)
        self.exit_code = self._server.wait()
        self._event(f"the server ended with exit code {self.exit_code}")

    def _begin(self, lane, rng):
        """(Record, rows, call) of an attack that takes a while."""
        rows = rng.integers(0, IMAGES, END_ROWS)
        request = predict_request(MODEL, "attack_sma", inputs_of("sma", lane.given, rows))
        record = Record("under way at SIGTERM", MODEL, time.monotonic())
        call = lane.start(request)
        call.add_done_callback(lambda _: setattr(record, "end", time.monotonic()))
        return record, rows, call


def _serving(client):
    return [row.version for row in client.status() if row.state in ("AVAILABLE", "UNLOADING")]
