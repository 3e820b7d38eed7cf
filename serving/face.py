"""The methods of a client, once for the blocking and the asyncio one.

What a method returns comes from a driver: an answer from SyncDriver, an awaitable of it from
AsyncDriver; `embed_iter` gives an iterator or an asynchronous one.
"""

import copy

from serving import attacking, connection, embedding, readiness, sending_files
from serving.errors import BadRequest
from serving.model import Model

MAX_IN_FLIGHT = 4  # the gRPC threads that TensorFlow Serving has for each core
KEEPALIVE_SECONDS = 300.0  # servers take no more frequent pings by default


class Client:
    """Calls one model of a model server (TensorFlow Serving or `python -m serving.serve`).

    Images are uint8 [N, H, W, 3] (or one [H, W, 3]) of the model's input size, or files: a list of
    paths or of JPEG / PNG bytes, which the server decodes and resizes. Errors are
    `serving.errors.ServingError`s. What the model tells about itself is asked for once.

    An input above the model's batch goes out in parts, side by side; answers keep the order of the
    images, and the first failure cancels what is under way and is raised. Files are read when they
    are sent. Methods that send parts take `progress`, called as progress(images done, images in
    all, None where that is not known).

    Args:
      server: "host:port" for gRPC, "http://host:port" or "https://..." for REST; also
        "host1:port,host2:port" or "dns:///host:port" for gRPC servers that take turns.
      model: name of the model; files go to its servable `<model>_encoded`.
      timeout: seconds that one request may take, with its repetitions; a call that needs many
        requests takes longer. The first call of an attack takes longest.
      batch_size: most images in one request; default: the largest batch that the model takes, but
        no more than 8 MiB of pixels. More than 32 MiB of files are sent one request after another.
      max_in_flight: most requests of one call that are under way at the same time.
      credentials: serving.credentials.Credentials for TLS and a token, or None.
      keepalive: seconds after which a silent connection (gRPC) with a request under way is probed;
        below 300 only where the server is set up to allow it.
      label: version label to ask for, say "stable" or "canary", of both servables; None: the
        highest version that is served. `status` and `wait_ready` are about all versions.
    """

    def __init__(
        self, server, model="reid", *, timeout=60.0, batch_size=None, max_in_flight=MAX_IN_FLIGHT,
        credentials=None, keepalive=KEEPALIVE_SECONDS, label=None,
    ):  # fmt: skip
        if not timeout > 0:
            raise BadRequest(f"timeout must be positive, not {timeout!r} seconds")
        if not 1 <= keepalive < float("inf"):
            raise BadRequest(f"keepalive must be at least 1 second, not {keepalive!r}")
        if label == "":
            raise BadRequest("label must name a version label of the server, or be left out")
        self.server = server
        self._model = Model(model, batch_size=batch_size, max_in_flight=max_in_flight)
        target = connection.parse(
            server, credentials=credentials, timeout=timeout, keepalive=keepalive, label=label
        )
        self._driver = self._connect(target)

    def _connect(self, target):
        """The driver of a connection.Target."""
        raise NotImplementedError

    def embed(self, images, *, progress=None):
        """Returns float32 [N, D] embeddings of pixels or files.

        An iterable that is no list, tuple or array is taken bit by bit: its images need not fit
        into memory together.
        """
        return self._driver.run(embedding.embed(self._model, images, progress))

    def embed_iter(self, images, *, progress=None):
        """Iterates over float32 [n, D] for at most a batch of images each, in their order.

        images: as of `embed`; taken only as the iteration goes on, and so is memory.
        """
        return self._driver.stream(embedding.embed_parts(self._model, images, progress))

    def decode(self, images, *, progress=None):
        """Returns uint8 [N, H, W, 3] of the model's input size, as the server decodes files."""
        return self._driver.run(sending_files.decode(self._model, images, progress))

    def attack(
        self, images, attack="sma", epsilon_255=5, steps=15, seed=0, push=None, pull=None,
        num_pixels=0, *, progress=None,
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
        settings = attack_settings(epsilon_255, steps, seed, push, pull, num_pixels)
        return self._driver.run(attacking.attack(self._model, images, attack, settings, progress))

    def attack_details(
        self, images, attack="sma", epsilon_255=5, steps=15, seed=0, push=None, pull=None,
        num_pixels=0, *, progress=None,
    ):  # fmt: skip
        """Like `attack`, but returns all that the server answers, as an AttackResult."""
        settings = attack_settings(epsilon_255, steps, seed, push, pull, num_pixels)
        return self._driver.run(
            attacking.attack_details(self._model, images, attack, settings, progress)
        )

    def describe(self):
        """What the export tells of itself: input size, attacks, limits, fingerprints."""
        return self._driver.run(copied(self._model.description()))

    def metadata(self):
        """{signature: {"inputs" or "outputs": {name: {"dtype", "shape"}}}}; None: not fixed."""
        return self._driver.run(copied(self._model.signatures()))

    def status(self):
        """Returns a VersionStatus for each version that the server knows, oldest first."""
        return self._driver.run(readiness.status(self._model.name))

    def wait_ready(self, timeout=60.0, *, encoded=False):
        """Returns when a version is AVAILABLE; raises when none can become so, or in time.

        encoded: wait for the servable `<model>_encoded` too, which takes files.
        """
        names = [self._model.name, *([self._model.encoded] if encoded else [])]
        return self._driver.run(readiness.wait_ready(names, timeout))

    def close(self):
        """Lets the connection go; calls under way end with an error."""
        return self._driver.close()


def attack_settings(epsilon_255, steps, seed, push, pull, num_pixels):
    return {
        "epsilon_255": epsilon_255,
        "steps": steps,
        "seed": seed,
        "push": push,
        "pull": pull,
        "num_pixels": num_pixels,
    }


def copied(operation):
    """Operation: the answer, which the caller may change."""
    return copy.deepcopy((yield from operation))
