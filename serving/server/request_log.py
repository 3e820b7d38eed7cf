"""One line, and one count, for every request: what was asked, what came of it, how long it took."""

import dataclasses
import logging
import re
import time
import uuid

from serving.server import metrics

logger = logging.getLogger(__name__)

REQUEST_ID = "x-request-id"
NO_MODEL = ""  # the label of requests for models that are not there: their names are without end
_PROPER_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)
_TEXT_LIMIT = 128  # characters of what a client chose


@dataclasses.dataclass
class Record:
    """A request under way; whoever learns something about it writes it down here."""

    api: str
    entrypoint: str  # GRPC or REST
    peer: str
    request_id: str
    model: str = ""
    version: int | None = None
    signature: str = ""
    rows: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    started: float = dataclasses.field(default_factory=time.perf_counter)


class RequestLog:
    """Counts every request and, if asked to, logs it.

    Args:
      registry: Metrics.
      manager: ModelManager; only the names it knows become labels.
      log_requests: whether to write lines at INFO.
    """

    def __init__(self, registry, manager, *, log_requests):
        self._registry = registry
        self._manager = manager
        self._log_requests = log_requests

    def begin(self, api, entrypoint, peer, sent_id):
        """A Record under the request id that the client sent, or a new one."""
        proper = isinstance(sent_id, str) and _PROPER_ID.fullmatch(sent_id)
        return Record(api, entrypoint, peer, sent_id if proper else uuid.uuid4().hex)

    def end(self, record, status="OK"):
        """Notes that the request was answered, with the name of a gRPC status."""
        seconds = time.perf_counter() - record.started
        model = record.model if record.model in self._manager.names else NO_MODEL
        self._registry.count(metrics.REQUEST_COUNT, model, status)
        if model:
            self._registry.observe(
                metrics.REQUEST_LATENCY, model, record.api, record.entrypoint, value=seconds * 1e6
            )
        if model and record.rows and status == "OK":
            self._registry.count(metrics.REQUEST_ROWS, model, amount=record.rows)
        if self._log_requests:
            logger.info(
                "request", extra={"event": "request", "fields": _fields(record, status, seconds)}
            )


def _fields(record, status, seconds):
    """What a line says: no tensor, no token, and a client's words only up to a length."""
    return {
        "request_id": record.request_id,
        "api": record.api,
        "entrypoint": record.entrypoint,
        "peer": record.peer,
        "model": record.model[:_TEXT_LIMIT],
        "version": record.version,
        "signature": record.signature[:_TEXT_LIMIT],
        "status": status,
        "milliseconds": round(seconds * 1000, 3),
        "batch": record.rows,
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
    }
