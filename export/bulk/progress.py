"""Progress of a run, told by the manifests that appear: it works with every runner."""

import contextlib
import threading
import time

LOOK_SECONDS = 2.0
TELL_SECONDS = 5.0  # at least, between two lines


@contextlib.contextmanager
def progress(output, images, say):
    """Says how far the run is while the body runs.

    Args:
      output: Output.
      images: [shards] images of each partition.
      say: called with a line.
    """
    stopped = threading.Event()
    thread = threading.Thread(target=watch, args=(output, images, say, stopped), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def watch(output, images, say, stopped):
    before = sum(images[index] for index in output.finished())
    begin = told_at = time.monotonic()
    told = before
    while not stopped.wait(LOOK_SECONDS):
        finished = output.finished()
        done, now = sum(images[index] for index in finished), time.monotonic()
        if done > told and now - told_at >= TELL_SECONDS:
            say(line(len(finished), len(images), done, sum(images), done - before, now - begin))
            told, told_at = done, now


def line(partitions, shards, done, total, since, seconds):
    """`3/16 partitions, 700/4000 images, 41 images/s, about 2 min left`."""
    rate = since / seconds
    left = (total - done) / rate
    return (
        f"{partitions}/{shards} partitions, {done}/{total} images, {rate:.3g} images/s, "
        f"about {duration(left)} left"
    )


def duration(seconds):
    """`40 s`, `12 min` or `3.4 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
