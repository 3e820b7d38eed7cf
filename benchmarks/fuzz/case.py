"""One request of the fuzzer, and what became of it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    """A request that can be sent again.

    kind: class of requests that it is counted with.
    what: the mutations it went through, for the reader of a finding.
    transport: "grpc" (a message to `target`, a method's path), "rest" (bytes of HTTP), or "raw"
      (bytes to the port that `target` names).
    payload: bytes that are sent.
    allowed: status names that answer it properly: of gRPC, "HTTP 400" of REST, or what a
      connection ends in: see send.py.
    timeout: seconds that the call's own deadline allows.
    """

    kind: str
    what: tuple
    transport: str
    target: str
    payload: bytes
    allowed: frozenset
    timeout: float = 20.0
    cancel: bool = False
    split: tuple = ()  # offsets where the client pauses
    half_close: bool = False  # whether it says that no more bytes will come

    def summary(self):
        """For JSON: everything but the bytes, of which the first are shown."""
        return {
            "kind": self.kind,
            "what": list(self.what),
            "target": self.target,
            "bytes": len(self.payload),
            "begins": repr(self.payload[:200]),
            "allowed": sorted(self.allowed),
        }


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The status name, what the server said, and the seconds it took."""

    status: str
    details: str
    seconds: float
