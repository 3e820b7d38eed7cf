"""Threads for calls that block, few and none that keeps a program from ending.

concurrent.futures waits for its threads when the program ends, so that Ctrl-C would take as long as
the connection attempt that somebody wanted to stop.
"""

import concurrent.futures
import queue
import threading

from serving.rest_exchange import Abort


class Job(concurrent.futures.Future):
    """A call in another thread; `cancel` ends it also while it runs."""

    def __init__(self, work):
        super().__init__()
        self._work = work
        self._abort = Abort()

    def cancel(self):
        self._abort.set()
        return super().cancel()

    def do(self):
        if not self.set_running_or_notify_cancel():
            return
        try:
            self.set_result(self._work(self._abort))
        except Exception as error:  # whoever waits for the job raises it
            self.set_exception(error)


class Workers:
    """At most `size` daemon threads, started when there is work for them."""

    def __init__(self, size):
        self._size = size
        self._jobs = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads = 0

    def start(self, work):
        """Returns the Job that calls `work(abort)`."""
        job = Job(work)
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False):
            with self._lock:
                if self._threads < self._size:
                    self._threads += 1
                    threading.Thread(target=self._work, daemon=True).start()
        return job

    def close(self):
        """Lets the threads end after the jobs that were started."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self):
        while (job := self._jobs.get()) is not None:
            job.do()
            self._idle.release()
