"""What a run says while it works: one rewritten line on a terminal, a few lines elsewhere."""

import sys
import time

TERMINAL_SECONDS = 0.5
FILE_SECONDS = 15.0


class TrainingProgress:
    """Step, epoch, ETA, images per second, data time, learning rate and losses.

    Args:
      begin, end: first step of this run and the step it ends at.
      steps_per_epoch, batch_size: of the run.
      stream: where to print; None: standard error.
    """

    def __init__(self, begin, end, steps_per_epoch, batch_size, stream=None, clock=time.monotonic):
        self._begin, self._end = begin, end
        self._steps_per_epoch, self._batch_size = steps_per_epoch, batch_size
        self._stream = stream or sys.stderr
        self._clock = clock
        self._live = self._stream.isatty()
        self._started = self._told = clock()
        self._paused = 0.0
        self._width = 0

    def due(self):
        """Whether it is time to say something again."""
        return self._clock() - self._told >= (TERMINAL_SECONDS if self._live else FILE_SECONDS)

    def exclude(self, seconds):
        """Keeps validation and saving out of images per second."""
        self._paused += seconds

    def speed(self, step):
        """Images per second of training since the beginning."""
        spent = self._clock() - self._started - self._paused
        return (step - self._begin) * self._batch_size / max(spent, 1e-9)

    def tell(self, step, values):
        """Prints where the run is; `values` are numbers to add to it."""
        self._told = self._clock()
        epoch = step / self._steps_per_epoch
        left = (self._end - step) * self._batch_size / max(self.speed(step), 1e-9)
        numbers = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        line = (
            f"step {step}/{self._end}  epoch {epoch:.2f}/{self._end / self._steps_per_epoch:.4g}  "
            f"ETA {_clock_time(left)}  {self.speed(step):.0f} images/s  {numbers}"
        )
        if not self._live:
            print(line, file=self._stream, flush=True)
            return
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = len(line)

    def say(self, sentence):
        """Prints a line that stays."""
        if self._live and self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0
        print(sentence, file=self._stream, flush=True)


def _clock_time(seconds):
    seconds = int(seconds)
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
