"""Flags of the commands that look at or change a serving base."""

import sys
import time

from absl import flags

from export.publishing.servers import RunningServer
from export.publishing.target import find_target
from serving.credential_flags import credentials_of, define_credential_flags

PROGRESS_SECONDS = 5.0


def define_base_flags():
    """--base and --name."""
    flags.DEFINE_string("base", None, "Folder above the models that servers read.", required=True)
    flags.DEFINE_string("name", "reid", "Name of the model.")


def define_server_flag(help_text):
    """--server, and the flags of how to speak with it."""
    flags.DEFINE_list("server", [], f"host:port of running model servers: {help_text}")
    define_credential_flags()


def servers_from(values):
    """The RunningServers that the flags name."""
    credentials = credentials_of(values)
    return [RunningServer(address, credentials) for address in values.server]


def target_from(values):
    """The Target that --base and --name say, or a ReIDError."""
    return find_target(values.base, values.name)


def waiting(holder):
    """Says that somebody else changes the base."""
    print(f"waiting for {holder}, which is changing the base ...", file=sys.stderr, flush=True)


class Ticker:
    """Prints how far a long work is, at most every few seconds."""

    def __init__(self, sentence, clock=time.monotonic):
        self._sentence, self._clock = sentence, clock
        self._told, self._done = clock(), 0

    def __call__(self, count):
        """Adds `count`; the sentence is formatted with the sum as {done}, in millions."""
        self._done += count
        if self._clock() - self._told > PROGRESS_SECONDS:
            self._told = self._clock()
            text = self._sentence.format(done=self._done / 1e6)
            print(text, file=sys.stderr, flush=True)


def counting(title, total):
    """(title, total) -> callable that takes how many are done: a line every few seconds."""
    told = [time.monotonic()]

    def update(done):
        if time.monotonic() - told[0] > PROGRESS_SECONDS:
            told[0] = time.monotonic()
            print(f"  {title}: {done} of {total} images ...", file=sys.stderr, flush=True)

    return update
