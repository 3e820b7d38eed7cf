"""The load: processes of their own, each with a few clients, until they are told to stop."""

import concurrent.futures
import dataclasses
import json
import multiprocessing
import threading
import time

import numpy as np

from benchmarks.soak.answers import Answers
from benchmarks.soak.calls import CALLS
from benchmarks.soak.lane import Lane, recorded
from serving.errors import ServerFailure

PAUSE_SECONDS = (0.005, 0.06)  # between a client's requests: two cores serve and ask
START_SECONDS, END_SECONDS = 120.0, 90.0
POLL_SECONDS = 0.1


def drive(addresses, answers_path, output, seed, threads, stop):
    """Asks and writes a line for each request to `output` until `stop` is set."""
    answers = Answers(answers_path)
    lock = threading.Lock()
    names = list(CALLS)
    shares = np.array([CALLS[name][2] for name in names], float)

    def client(number, file):
        rng = np.random.default_rng([seed, number])
        lane = Lane(*addresses, answers)
        try:
            while not stop.wait(rng.uniform(*PAUSE_SECONDS)):
                name = names[rng.choice(len(names), p=shares / shares.sum())]
                call, model, *_ = CALLS[name]
                line = json.dumps(dataclasses.asdict(recorded(name, model, call, lane, rng)))
                with lock:
                    file.write(line + "\n")
                    file.flush()
        except BaseException:
            stop.set()  # one that breaks ends them all, and the soak
            raise
        finally:
            lane.close()

    with (
        open(output, "w", encoding="utf-8") as file,
        concurrent.futures.ThreadPoolExecutor(threads) as pool,
    ):
        for each in [pool.submit(client, number, file) for number in range(threads)]:
            each.result()


class Load:
    """Starts when it is entered, stops with the block at the latest; then `records` has it all."""

    def __init__(self, addresses, answers_path, folder, *, processes, threads, seed):
        context = multiprocessing.get_context("spawn")  # a fork would copy threads' locks
        self._stop = context.Event()
        self._files = [folder / f"load-{number}.jsonl" for number in range(processes)]
        self._processes = [
            context.Process(
                target=drive,
                args=(addresses, answers_path, file, seed + number, threads, self._stop),
            )
            for number, file in enumerate(self._files)
        ]

    @property
    def failed(self):
        """Whether a process of the load ended before it was told to."""
        return any(process.exitcode is not None for process in self._processes)

    def wait_running(self):
        """Returns once every process has asked for something."""
        end = time.monotonic() + START_SECONDS
        while not all(file.exists() and file.stat().st_size for file in self._files):
            if self.failed or time.monotonic() > end:
                raise ServerFailure("the load did not start; see its output above")
            time.sleep(POLL_SECONDS)

    def tell_to_stop(self):
        self._stop.set()

    def join(self):
        """Waits until every client has finished its request. Returns whether all ended well."""
        self._stop.set()
        for process in self._processes:
            process.join(END_SECONDS)
        return all(process.exitcode == 0 for process in self._processes)

    def records(self):
        """[{...}] of everything asked so far, see `lane.Record`."""
        lines = []
        for file in self._files:
            if file.exists():
                lines += file.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def __enter__(self):
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, *_):
        for process in self._processes:
            if process.is_alive():
                process.kill()
