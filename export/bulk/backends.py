"""Who embeds and attacks: an export in this process, or a model server."""

import dataclasses
import functools

import tensorflow as tf

from export.session import ServedModel
from keras_reid.data.images import decode_and_resize
from keras_reid.errors import ReIDError
from serving import contract, description
from serving.attack_inputs import unguided_inputs
from serving.client import AttackResult, ReIDClient
from serving.credential_flags import credentials_of
from serving.errors import BadRequest


@dataclasses.dataclass(frozen=True)
class ServableSource:
    """Version folder of an export."""

    path: str


@dataclasses.dataclass(frozen=True)
class ServerSource:
    """A model of a server.

    What to show it is named by files (see `serving.credential_flags`), which each worker reads: the
    token itself is in nothing that a runner sends or keeps.
    """

    server: str
    model: str = "reid"
    timeout: float = 60.0
    tls_ca: str | None = None
    tls_certificate: str | None = None
    tls_key: str | None = None
    token_file: str | None = None


@dataclasses.dataclass(frozen=True)
class Attack:
    """What is asked of every image; each brings its own seed."""

    name: str
    epsilon_255: float = 5.0
    steps: int = 15
    num_pixels: int = 0

    def options(self):
        return {
            "epsilon_255": self.epsilon_255,
            "steps": self.steps,
            "num_pixels": self.num_pixels,
        }


@functools.lru_cache(maxsize=1)
def open_backend(source):
    """The backend of a source, one for each process: loading an export takes seconds."""
    return ServableBackend(source) if isinstance(source, ServableSource) else ServerBackend(source)


class ServableBackend:
    """An export, run as TF Serving runs it.

    description: answer of `describe`.
    """

    def __init__(self, source):
        self._served = ServedModel(source.path)
        if contract.DESCRIBE not in self._served.signatures:
            self.close()
            raise ReIDError(
                f"{source.path} is no export of ours (it has no signature {contract.DESCRIBE}); "
                "make one with python -m export.export_model"
            )
        answer = self._served.run(contract.DESCRIBE, {"request": [b""]})["description"]
        self.description = description.parse(answer[0], source.path)
        size = self.description["input_size"]
        self._decode = tf.function(
            lambda encoded: decode_and_resize(encoded, size),
            input_signature=[tf.TensorSpec([], tf.string)],  # traced once: less than half the time
        )

    def decode(self, encoded):
        """[pixels uint8 [H, W, 3] of the model's size, or why not] of each image's bytes."""
        return [self._decoded(each) for each in encoded]

    def _decoded(self, encoded):
        try:
            with tf.device("/cpu:0"):
                return self._decode(encoded).numpy()
        except tf.errors.InvalidArgumentError:
            return "truncated or damaged"

    def embed(self, pixels):
        """uint8 [N, H, W, 3] -> float32 [N, D]."""
        return self._served.run(contract.EMBED, {"images": pixels})["embeddings"]

    def attack(self, pixels, attack, seeds):
        """AttackResult of an Attack on uint8 [N, H, W, 3] with seeds int64 [N]."""
        inputs = unguided_inputs(
            self.description, attack.name, len(pixels), **attack.options(), seed=seeds
        )
        signature = contract.attack_signature_name(attack.name)
        rows = self._served.run(signature, {"images": pixels, **inputs})
        return AttackResult(**{**rows, "valid": rows["valid"].astype(bool)})

    def check_unchanged(self):
        """An export does not change under a session that has loaded it."""

    def close(self):
        self._served.close()


class ServerBackend:
    """A model behind a model server; it decodes, so that no TensorFlow is needed for that here."""

    def __init__(self, source):
        self._source = source
        self._client = self._connect()
        self.description = self._client.describe()

    def _connect(self):
        told = self._source
        settings = {"timeout": told.timeout, "credentials": credentials_of(told)}
        return ReIDClient(told.server, told.model, **settings)

    def decode(self, encoded):
        """As of ServableBackend."""
        try:
            return list(self._client.decode(encoded))
        except BadRequest as error:
            if len(encoded) == 1:
                return [(getattr(error.__cause__, "details", "") or str(error)).splitlines()[0]]
        return [self.decode([each])[0] for each in encoded]  # the others are not to blame

    def embed(self, pixels):
        """As of ServableBackend."""
        return self._client.embed(pixels)

    def attack(self, pixels, attack, seeds):
        """As of ServableBackend."""
        return self._client.attack_details(pixels, attack.name, **attack.options(), seed=seeds)

    def check_unchanged(self):
        """Raises ReIDError where the server has gone over to another model since the start."""
        with self._connect() as client:
            now = client.describe()
        before, now = (told.get("model_fingerprint") for told in (self.description, now))
        if before != now:
            raise ReIDError(
                f"the server went over from model {before} to {now} during the run; "
                "serve the first again, or write into a new folder"
            )

    def close(self):
        self._client.close()
