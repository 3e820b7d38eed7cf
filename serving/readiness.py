"""Operations that ask which versions of a model there are and wait for one."""

import time

from serving.answers import VersionStatus
from serving.calls import Pause, Status
from serving.errors import (
    BadRequest,
    DeadlineExceeded,
    ModelNotFound,
    ServerFailure,
    ServerUnavailable,
    TlsFailed,
)
from serving.messages import STATE

POLL_SECONDS = 0.2
STATE_NAMES = {number: name for name, number in STATE.items()}


def status(name, timeout=None):
    """Operation: a VersionStatus for each version that the server knows, oldest first."""
    answer = yield Status(name, timeout)
    rows = (
        VersionStatus(row.version, STATE_NAMES.get(row.state, "UNKNOWN"), row.status.error_message)
        for row in answer.model_version_status
    )
    return sorted(rows, key=lambda row: row.version)


def wait_ready(names, timeout):
    """Operation: ends when each of the models has a version that is AVAILABLE."""
    if not timeout > 0:
        raise BadRequest(f"timeout must be positive, not {timeout!r} seconds")
    end = time.monotonic() + timeout
    for name in names:
        yield from one_ready(name, timeout, end)


def one_ready(name, timeout, end):
    missing = not_ready = ServerUnavailable(
        f"model {name!r} is not ready after {timeout:g} seconds: "
        "see the server's log, or wait longer"
    )
    while (left := end - time.monotonic()) > 0:
        try:
            versions = yield from status(name, left)
            if any(row.state == "AVAILABLE" for row in versions):
                return
            if versions and all(row.state == "END" for row in versions):
                raise ServerFailure(
                    f"model {name!r} can't be served: {versions[-1].error or 'unloaded'}"
                )
            missing = not_ready
        except TlsFailed:
            raise
        except DeadlineExceeded:
            pass  # the rest of the time was short; what was known before says more
        except (ServerUnavailable, ModelNotFound) as error:
            missing = error
        yield Pause(min(POLL_SECONDS, left))
    raise missing
