"""What a running server says about the versions of a model."""

from serving.client import ReIDClient
from serving.errors import ModelNotFound

TIMEOUT = 10.0
IDLE = ("END", "UNKNOWN")


def states(address, name):
    """{version: state name} of a model on a server; {} where it does not know the model.

    Raises:
      ServingError: nobody answers.
    """
    with ReIDClient(address, model=name, timeout=TIMEOUT) as client:
        try:
            return {row.version: row.state for row in client.status()}
        except ModelNotFound:
            return {}


def in_use(address, name):
    """Versions that a server answers with, loads, or is about to let go."""
    return {version for version, state in states(address, name).items() if state not in IDLE}
