"""What a fleet is to look like: the values behind every generated file."""

import dataclasses
import re

from serving import contract
from serving.config.quantities import cpu_cores, memory_bytes
from serving.errors import BadRequest

SERVABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,50}")
DNS_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
IMAGE_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
PORTS = range(1024, 65536)  # below 1024 a user who is not root may not listen


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Every choice that is not read from the models.

    name: of the main servable; `<name>_encoded` stands beside it.
    models_path, config_path: absolute, as inside the container.
    stable, canary: versions behind the labels of those names; None: the latest version, no label.
    port, rest_port: of gRPC and REST, inside the container and on localhost with compose.
    cpus, memory: of one replica, as Kubernetes writes them: "2" or "500m", "4Gi".
    replicas, max_replicas: at least and at most, of a Deployment.
    attack_replicas: at least, of the Deployment for attacks.
    gpus: GPUs of a replica on Kubernetes; compose gets a file of its own for them.
    gpu_memory_fraction: what the server takes of a GPU's memory, in (0, 1].
    batching: merge requests of models whose version brings batching_params.pbtxt.
    request_seconds: the longest request that has to be answered, an attack's as a rule.
    poll_seconds: between looks for new versions.
    grpc_max_threads: gRPC requests at the same time; None: twice the largest batch, at least 64.
    platform_config: write sessions' settings into a file instead of flags.
    separate_attacks: a second deployment, with models of its own names, for attacks.
    tls, client_verify: whether there is an ssl.config, and whether clients need certificates.
    namespace: of Kubernetes, or None to leave it to kubectl.
    claim: the PersistentVolumeClaim with the published models.

    Raises BadRequest for what no server could run with.
    """

    name: str = "reid"
    models_path: str = "/models"
    config_path: str = "/etc/keras_reid"
    stable: int | None = None
    canary: int | None = None
    port: int = 8500
    rest_port: int = 8501
    image_tag: str = "2.21.0"
    cpus: str = "2"
    memory: str = "4Gi"
    replicas: int = 2
    attack_replicas: int = 1
    max_replicas: int = 6
    gpus: int = 0
    gpu_memory_fraction: float = 0.8
    batching: bool = True
    request_seconds: int = 60
    poll_seconds: int = 10
    grpc_max_threads: int | None = None
    platform_config: bool = False
    separate_attacks: bool = False
    tls: bool = False
    client_verify: bool = False
    namespace: str | None = None
    claim: str = "reid-models"

    def __post_init__(self):
        refuse = [sentence for holds, sentence in self._rules() if not holds]
        if refuse:
            raise BadRequest(refuse[0])
        cpu_cores(self.cpus)
        memory_bytes(self.memory)

    def _rules(self):
        yield (
            SERVABLE_NAME.fullmatch(self.name)
            and not self.name.endswith(("-", "_", contract.ENCODED_SUFFIX)),
            f"--name {self.name!r} is no name for a servable; use letters, digits and, between "
            "them, - and _; the ending _encoded is the second servable's",
        )
        for flag, port in (("--port", self.port), ("--rest_api_port", self.rest_port)):
            yield (
                port in PORTS,
                f"{flag} {port} is no port for a user who is not root; choose one from "
                f"{PORTS.start} to {PORTS.stop - 1}",
            )
        yield (
            self.port != self.rest_port,
            f"--port and --rest_api_port are both {self.port}; gRPC and REST need one each",
        )
        for flag, path in (
            ("--models_path", self.models_path),
            ("--config_path", self.config_path),
        ):
            yield (
                path.startswith("/") and "$" not in path,
                f"{flag} {path!r} must be an absolute path, as inside the container",
            )
        yield (
            self.canary is None or self.stable is not None,
            "--canary needs --stable: name the version that the rest of the traffic goes to",
        )
        yield (
            self.canary is None or self.canary != self.stable,
            f"--stable and --canary are both {self.stable}; they name different versions",
        )
        for flag, least in (("replicas", self.replicas), ("attack_replicas", self.attack_replicas)):
            yield (
                1 <= least <= self.max_replicas,
                f"--{flag} {least} must be at least 1 and at most --max_replicas "
                f"({self.max_replicas})",
            )
        yield (
            0 < self.gpu_memory_fraction <= 1,
            f"--gpu_memory_fraction {self.gpu_memory_fraction} must be above 0 and at most 1",
        )
        yield (
            IMAGE_TAG.fullmatch(self.image_tag),
            f"--image_tag {self.image_tag!r} is no tag of an image; 2.21.0 is one",
        )
        for flag, label in (("--namespace", self.namespace), ("--claim", self.claim)):
            yield (
                label is None or DNS_LABEL.fullmatch(label),
                f"{flag} {label!r} is no name for Kubernetes; use small letters, digits and -",
            )

    @property
    def labels(self):
        """{label: version}."""
        named = {"stable": self.stable, "canary": self.canary}
        return {label: version for label, version in named.items() if version is not None}

    @property
    def encoded(self):
        """Name of the second servable."""
        return self.name + contract.ENCODED_SUFFIX
