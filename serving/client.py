"""Client of a served re-identification model: embeddings and attacks, without TensorFlow.

from serving.client import ReIDClient

with ReIDClient("localhost:8500", model="reid") as client:      # or "http://localhost:8501"
    embeddings = client.embed(["a.jpg", "b.jpg"])
    adversarial = client.attack(["a.jpg", "b.jpg"], attack="sma", epsilon_255=5)
"""

import copy
import functools
import time
import warnings

import numpy as np

from serving import contract, description
from serving.answers import AttackResult, VersionStatus
from serving.attack_inputs import attack_inputs
from serving.connection import connect
from serving.errors import (
    BadRequest,
    ModelNotFound,
    RequestTooLarge,
    ServerFailure,
    ServerUnavailable,
)
from serving.images import Files, as_batch, check_size
from serving.messages import STATE
from serving.tensors import dtype_name

BATCH_SIZE = 32  # where the model does not tell its largest batch
MAX_REQUEST_BYTES = 2**31 - 2**20  # no protobuf message reaches 2 GiB
POLL_SECONDS = 0.2
STATE_NAMES = {number: name for name, number in STATE.items()}


class ReIDClient:
    """Calls one model of a model server (TensorFlow Serving or `python -m serving.serve`).

    Images are uint8 [N, H, W, 3] (or one [H, W, 3]) of the model's input size, or files: a list of
    paths or of JPEG / PNG bytes, which the server decodes and resizes. Errors are
    `serving.errors.ServingError`s. What the model tells about itself is asked for once.

    Args:
      server: "host:port" for gRPC, "http://host:port" for REST.
      model: name of the model; files go to its servable `<model>_encoded`.
      timeout: seconds that one request may take. The first call of an attack takes longest.
      batch_size: most images in one request; default: the largest batch that the model takes.
    """

    def __init__(self, server, model="reid", *, timeout=60.0, batch_size=None):
        if not model:
            raise BadRequest("model must name a model of the server")
        if not timeout > 0:
            raise BadRequest(f"timeout must be positive, not {timeout!r} seconds")
        if batch_size is not None and batch_size < 1:
            raise BadRequest(f"batch_size must be at least 1, not {batch_size!r}")
        self.server = server
        self._model = model
        self._encoded = model + contract.ENCODED_SUFFIX
        self._batch_size = batch_size
        self._transport = connect(server, timeout)

    def embed(self, images):
        """Returns float32 [N, D] embeddings of pixels or files."""
        batch = as_batch(images)
        if isinstance(batch, Files):
            return self._embed_files(batch)
        return self._embed_pixels(batch)

    def decode(self, images):
        """Returns uint8 [N, H, W, 3] of the model's input size, as the server decodes files."""
        batch = as_batch(images)
        if not isinstance(batch, Files):
            return batch
        parts = self._parts(len(batch))
        return np.concatenate([self._pixels(batch[part]) for part in parts])

    def attack(
        self, images, attack="sma", epsilon_255=5, steps=15, seed=0, push=None, pull=None,
        num_pixels=0,
    ):  # fmt: skip
        """Returns uint8 images that are at most `epsilon_255` away from `images`.

        Args:
          images: pixels or files.
          attack: one of those exported, see `describe()["attacks"]`.
          epsilon_255: largest change of a pixel in steps of 1/255; one, or one for each image.
          steps: steps of an iterative attack; one, or one for each image.
          seed: s stands for the seeds s, s + 1, ... of the images; or one for each image.
          push, pull: guides to move away from and towards, for an attack that takes them: images
            or embeddings, P for all images or [N, P, ...], see `serving.guides`.
          num_pixels: of the mis-ranking generator ("misrank"), which takes no steps, seed or
            guides: most pixels to change; 0: as many as the export allows; or one for each image.
        """
        result = self.attack_details(
            images, attack, epsilon_255, steps, seed, push, pull, num_pixels
        )  # fmt: skip
        failed = np.flatnonzero(~result.valid)
        if len(failed):
            warnings.warn(
                f"attack {attack} failed on {len(failed)} of {len(result.valid)} images, first on "
                f"image {failed[0]}; they are unchanged",
                stacklevel=2,
            )
        return result.adversarial

    def attack_details(
        self, images, attack="sma", epsilon_255=5, steps=15, seed=0, push=None, pull=None,
        num_pixels=0,
    ):  # fmt: skip
        """Like `attack`, but returns all that the server answers, as an AttackResult."""
        batch = as_batch(images)
        if not isinstance(batch, Files):
            check_size(batch, self._description["input_size"])
        values = attack_inputs(
            self._description,
            attack,
            len(batch),
            epsilon_255=epsilon_255,
            steps=steps,
            seed=seed,
            push=push,
            pull=pull,
            num_pixels=num_pixels,
            embed=self.embed,
        )
        signature = contract.attack_signature_name(attack)
        outputs = (
            contract.MISRANK_OUTPUTS if "num_pixels" in values else contract.ATTACK_OUTPUTS
        )  # fmt: skip
        answers = []
        for part in self._parts(len(batch)):
            given = {"images": self._pixels(batch[part])}
            given |= {name: value[part] for name, value in values.items()}
            answers.append(self._predict(self._model, signature, given, outputs))
        rows = {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}
        return AttackResult(**{**rows, "valid": rows["valid"].astype(bool)})

    def describe(self):
        """What the export tells of itself: input size, attacks, limits, fingerprints."""
        return copy.deepcopy(self._description)

    def metadata(self):
        """{signature: {"inputs" or "outputs": {name: {"dtype", "shape"}}}}; None: not fixed."""
        return copy.deepcopy(self._signatures)

    def status(self):
        """Returns a VersionStatus for each version that the server knows, oldest first."""
        answer = self._transport.status(self._model)
        return sorted(
            (
                VersionStatus(
                    row.version,
                    STATE_NAMES.get(row.state, "UNKNOWN"),
                    row.status.error_message,
                )
                for row in answer.model_version_status
            ),
            key=lambda row: row.version,
        )

    def wait_ready(self, timeout=60.0):
        """Returns when a version is AVAILABLE; raises when none can become so, or in time."""
        end = time.monotonic() + timeout
        while True:
            try:
                versions = self.status()
                if any(row.state == "AVAILABLE" for row in versions):
                    return
                if versions and all(row.state == "END" for row in versions):
                    raise ServerFailure(
                        f"model {self._model!r} can't be served: {versions[-1].error or 'unloaded'}"
                    )
                missing = ServerUnavailable(
                    f"model {self._model!r} is not ready after {timeout:g} seconds"
                )
            except (ServerUnavailable, ModelNotFound) as error:
                missing = error
            if time.monotonic() > end:
                raise missing
            time.sleep(POLL_SECONDS)

    def close(self):
        self._transport.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @functools.cached_property
    def _signatures(self):
        known = self._transport.metadata(self._model).signature_def
        return {
            name: {
                "inputs": tensors_of(signature.inputs),
                "outputs": tensors_of(signature.outputs),
            }
            for name, signature in sorted(known.items())
            if not name.startswith("__")  # __saved_model_init_op
        }

    @functools.cached_property
    def _description(self):
        if contract.DESCRIBE not in self._signatures:
            raise BadRequest(
                f"model {self._model!r} does not describe itself, so only embed() works with it; "
                "for attacks export it with python -m export.export_model"
            )
        answer = self._predict(
            self._model,
            contract.DESCRIBE,
            {"request": np.array([b""], dtype=object)},
            contract.DESCRIBE_SIGNATURE.outputs,
        )
        return description.parse(answer["description"][0], self._model)

    @functools.cached_property
    def _limits(self):
        """The model's own limits; none are known of a foreign one."""
        return self._description["limits"] if contract.DESCRIBE in self._signatures else {}

    def _parts(self, count):
        """Slices of at most `batch_size` images."""
        largest = self._limits.get("batch")
        size = self._batch_size or largest or BATCH_SIZE
        if largest is not None and size > largest:
            raise BadRequest(f"batch_size of {size} is above the server's ceiling of {largest}")
        return [slice(start, start + size) for start in range(0, count, size)]

    def _embed_pixels(self, pixels):
        """Our signature, or the only one of a foreign model, whatever its tensors are called."""
        name = contract.EMBED if contract.EMBED in self._signatures else contract.DEFAULT_SIGNATURE
        signature = self._signatures.get(name, {"inputs": {}, "outputs": {}})
        (image, wanted), (embedding, answered) = (
            self._only(signature[side], side) for side in ("inputs", "outputs")
        )
        if wanted["dtype"] != "uint8":
            raise BadRequest(
                f"model {self._model!r} takes {wanted['dtype']}, not uint8 pixels: export it with "
                "python -m export.export_model"
            )
        if wanted["shape"] is not None and len(wanted["shape"]) == pixels.ndim:
            check_size(pixels, wanted["shape"][1:3])
        outputs = {embedding: contract.Tensor(answered["dtype"])}
        return np.concatenate(
            [
                self._predict(self._model, name, {image: pixels[part]}, outputs)[embedding]
                for part in self._parts(len(pixels))
            ]
        ).astype(np.float32, copy=False)

    def _only(self, tensors, side):
        if len(tensors) != 1:
            raise BadRequest(
                f"model {self._model!r} has no signature that takes images and gives embeddings: "
                f"{len(tensors)} {side} where there should be one"
            )
        return next(iter(tensors.items()))

    def _embed_files(self, batch):
        signature, outputs = contract.EMBED_ENCODED, contract.EMBED_ENCODED_SIGNATURE.outputs
        parts = [
            self._send_files(batch[part], signature, outputs) for part in self._parts(len(batch))
        ]
        return np.concatenate([part["embeddings"] for part in parts])

    def _pixels(self, batch):
        """One part of a batch as pixels."""
        if isinstance(batch, Files):
            outputs = contract.DECODE_SIGNATURE.outputs
            return self._send_files(batch, contract.DECODE, outputs)["images"]
        return batch

    def _send_files(self, batch, signature, outputs):
        """Predicts from files; finds the one at fault when the server refuses them."""
        encoded = batch.read(self._limits.get("encoded_bytes"))
        try:
            return self._predict(self._encoded, signature, {"encoded": encoded}, outputs)
        except ModelNotFound as error:
            raise ModelNotFound(f"{error}; files need it: serve it too, or send pixels") from error
        except RequestTooLarge:
            raise
        except BadRequest:
            for index, name in enumerate(batch.names):
                single = {"encoded": encoded[index : index + 1]}
                try:
                    self._predict(self._encoded, signature, single, outputs)
                except BadRequest as error:
                    raise BadRequest(f"{name} cannot be decoded: {error.details}") from error
            raise

    def _predict(self, model, signature, given, outputs):
        """One request; checks that each output has a row for each row given."""
        count = len(next(iter(given.values())))
        size = sum(
            sum(map(len, array)) if array.dtype == object else array.nbytes
            for array in given.values()
        )
        if size > MAX_REQUEST_BYTES:
            raise RequestTooLarge(
                f"{count} images make a request of {size / 2**20:.0f} MiB, above the limit of "
                f"{MAX_REQUEST_BYTES / 2**20:.0f} MiB: lower batch_size"
            )
        dtypes = {name: tensor.dtype for name, tensor in outputs.items()}
        answer = self._transport.predict(model, signature, given, dtypes)
        for name, array in answer.items():
            if array.shape[:1] != (count,):
                raise ServerFailure(
                    f"{self._transport.address} answered {name!r} with the shape "
                    f"{list(array.shape)} for {count} images"
                )
        return answer


def tensors_of(infos):
    """TensorInfo map -> {name: {"dtype": NumPy name, "shape": sizes, None where not fixed}}."""
    return {
        name: {
            "dtype": dtype_name(info.dtype),
            "shape": None
            if info.tensor_shape.unknown_rank
            else [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim],
        }
        for name, info in sorted(infos.items())
    }
