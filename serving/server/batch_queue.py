"""The runs of one signature that wait, gathered into batches. The scheduler's lock guards it."""

from grpc import StatusCode

from serving.server.errors import StatusError


class Batch:
    """Tasks that will share a run."""

    __slots__ = ("queue", "kind", "tasks", "rows", "due", "taken")

    def __init__(self, queue, kind, due):
        self.queue = queue
        self.kind = kind
        self.tasks = []
        self.rows = 0
        self.due = due  # when it is to start at the latest, on the clock of time.monotonic
        self.taken = False


class BatchQueue:
    """Where the tasks of one signature of one model version meet.

    Args:
      parameters: BatchingParameters.
      run_tasks: callable(tasks) that answers them.
    """

    def __init__(self, parameters, run_tasks):
        self.run_tasks = run_tasks
        self.waiting = 0  # batches that no thread has taken yet
        self.running = 0
        self._parameters = parameters
        self._open = {}  # what can be stacked -> the batch that still takes tasks

    def place(self, task, now):
        """Puts a task into batches: (its pieces, the batches whose `due` is new).

        Raises UNAVAILABLE, with nothing placed, when too many batches wait.
        """
        kind = self._kind(task.feeds)
        batch = self._open.get(kind)
        size = self._parameters.run_size
        room = size - batch.rows if batch else 0
        if task.rows > room and self._parameters.enable_large_batch_splitting:
            pieces = task.pieces(room or size, size)
        else:
            pieces = [task]
        begun = len(pieces) - (pieces[0].rows <= room)
        self._check_room(begun)
        changed = set()
        for piece in pieces:
            if batch is not None and piece.rows > size - batch.rows:
                self._close(batch, now, changed)
                batch = None
            if batch is None:
                due = now + self._parameters.batch_timeout_micros / 1e6
                batch = self._open[kind] = Batch(self, kind, due)
                self.waiting += 1
                changed.add(batch)
            batch.tasks.append(piece)
            batch.rows += piece.rows
            if batch.rows == size:
                self._close(batch, now, changed)
                batch = None
        return pieces, changed

    def _check_room(self, begun):
        limit = self._parameters.max_enqueued_batches
        if self.waiting + begun > limit:
            raise StatusError(
                StatusCode.UNAVAILABLE,
                "The batch scheduling queue to which this task was submitted is full; currently "
                f"{self.waiting} batches enqueued and max_enqueued_batches is {limit}",
            )

    def _close(self, batch, now, changed):
        """Takes no more tasks, so nothing is gained by letting it wait."""
        del self._open[batch.kind]
        if batch.due > now:
            batch.due = now
            changed.add(batch)

    def take(self, batch):
        """Hands a batch's tasks to a thread."""
        if self._open.get(batch.kind) is batch:
            del self._open[batch.kind]
        self.waiting -= 1
        self.running += 1
        batch.taken = True
        tasks, batch.tasks = batch.tasks, ()  # what is stale in a heap must not hold images
        return tasks

    def _kind(self, feeds):
        """Equal for tasks that can share a run.

        TensorFlow Serving puts others together, too, and then fails them all.
        """
        if self._parameters.pad_variable_length_inputs:
            return tuple((name, feeds[name].dtype, feeds[name].ndim) for name in sorted(feeds))
        return tuple((name, feeds[name].dtype, feeds[name].shape[1:]) for name in sorted(feeds))
