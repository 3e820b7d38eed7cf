"""What a running server says about the versions of a model."""

import dataclasses

from serving.client import ReIDClient
from serving.errors import ModelNotFound

TIMEOUT = 10.0
IDLE = ("END", "UNKNOWN")


@dataclasses.dataclass(frozen=True)
class RunningServer:
    """A model server that may be using versions of a base.

    address: host:port or http://host:port. credentials: as ReIDClient takes them.
    """

    address: str
    credentials: object = None

    def states(self, name):
        """{version: state name} of a model; {} where the server does not know it.

        Raises:
          ServingError: nobody answers, or not this client.
        """
        settings = {"model": name, "timeout": TIMEOUT, "credentials": self.credentials}
        with ReIDClient(self.address, **settings) as client:
            try:
                return {row.version: row.state for row in client.status()}
            except ModelNotFound:
                return {}

    def in_use(self, name):
        """Versions that it answers with, loads, or is about to let go."""
        return {version for version, state in self.states(name).items() if state not in IDLE}
