"""Client of a served re-identification model: embeddings and attacks, without TensorFlow.

from serving.client import ReIDClient

with ReIDClient("localhost:8500", model="reid") as client:      # or "http://localhost:8501"
    embeddings = client.embed(["a.jpg", "b.jpg"])
    adversarial = client.attack(["a.jpg", "b.jpg"], attack="sma", epsilon_255=5)

On asyncio: `serving.aio.AsyncReIDClient`.
"""

from serving.answers import AttackResult, VersionStatus
from serving.credentials import Credentials
from serving.face import Client
from serving.grpc_transport import GrpcTransport
from serving.rest_transport import RestTransport
from serving.sync_driver import SyncDriver

__all__ = ["AttackResult", "Credentials", "ReIDClient", "VersionStatus"]


class ReIDClient(Client):
    __doc__ = Client.__doc__

    def _connect(self, target):
        transport = GrpcTransport if target.scheme == "grpc" else RestTransport
        return SyncDriver(transport(target))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
