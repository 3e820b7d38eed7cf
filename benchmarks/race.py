"""Timing callables side by side, so that a noisy machine hits all of them."""

import time


def race(contestants, rounds):
    """{name: seconds of each round}, the contestants taking turns after a first run to warm up.

    Args:
      contestants: {name: callable without arguments that waits for its own result}.
      rounds: how often each runs.
    """
    for run in contestants.values():
        run()
    seconds = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return seconds
