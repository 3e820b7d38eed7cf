"""The threads that run batches of all models, the one that has been due longest first."""

import heapq
import itertools
import logging
import threading
import time

from grpc import StatusCode

from serving.server.errors import StatusError

logger = logging.getLogger(__name__)


class BatchScheduler:
    """A few threads and a heap of batches by the time when they are due.

    Args:
      threads: runs at the same time.
      name: of the threads.
    """

    def __init__(self, threads, name):
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)  # for the threads
        self._emptied = threading.Condition(self._lock)  # for those who wait for a queue's end
        self._heap = []  # (due, number, batch); a batch that became due earlier is in it twice
        self._numbers = itertools.count()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}_{index}", daemon=True)
            for index in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, queue, task):
        """Queues a task: the pieces to wait for. Raises UNAVAILABLE where there is no room."""
        with self._lock:
            if self._stopping:
                raise StatusError(StatusCode.UNAVAILABLE, "the model server is shutting down")
            pieces, batches = queue.place(task, time.monotonic())
            for batch in batches:
                heapq.heappush(self._heap, (batch.due, next(self._numbers), batch))
                self._changed.notify()
        return pieces

    def _work(self):
        while True:
            queue, tasks = self._next()
            if queue is None:
                return
            try:
                queue.run_tasks(tasks)
            except Exception:  # run_tasks answers for failures; this thread must outlive any
                logger.exception("a batch ended badly")
            del tasks
            with self._lock:
                queue.running -= 1
                self._emptied.notify_all()

    def _next(self):
        """Waits for a batch that is due: (its queue, its tasks), or (None, None) at the end."""
        with self._lock:
            while True:
                while self._heap and self._heap[0][-1].taken:
                    heapq.heappop(self._heap)
                if not self._heap and self._stopping:
                    return None, None
                left = self._heap[0][0] - time.monotonic() if self._heap else None
                if left is not None and (left <= 0 or self._stopping):
                    batch = heapq.heappop(self._heap)[-1]
                    if self._heap:  # the next one's time is another thread's to watch
                        self._changed.notify()
                    return batch.queue, batch.queue.take(batch)
                self._changed.wait(left)

    def drain(self, queues):
        """Waits until nothing of `queues` waits or runs."""
        with self._lock:
            self._emptied.wait_for(lambda: not any(q.waiting or q.running for q in queues))

    def stop(self):
        """Takes no more tasks, answers those it has, and ends its threads."""
        with self._lock:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
