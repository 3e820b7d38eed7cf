"""What can go wrong between a client and a model server, one sentence each."""

# Status name -> HTTP status, as TF Serving maps them.
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class ServingError(Exception):
    """Told in one sentence that names the thing and the remedy; entry modules print it, exit 2."""


class BadRequest(ServingError, ValueError):
    """The request is at fault: the client refused to send it, or the server to answer it."""


class RequestTooLarge(BadRequest):
    """Larger than the server takes: send less at a time."""


class ModelNotFound(ServingError):
    """The server runs, but has no such model, version or servable."""


class AccessDenied(ServingError):
    """The server wants credentials, or other ones."""


class ServerUnavailable(ServingError):
    """Nobody answers there, or whoever did went away during the call: try again later."""


class ServerBusy(ServerUnavailable):
    """The server has no room for one more request now."""


class DeadlineExceeded(ServingError):
    """No answer within the client's timeout."""


class ServerFailure(ServingError):
    """The server failed, or answered what it should not."""


BY_STATUS = {
    "INVALID_ARGUMENT": BadRequest,
    "FAILED_PRECONDITION": BadRequest,
    "OUT_OF_RANGE": BadRequest,
    "NOT_FOUND": ModelNotFound,
    "UNAUTHENTICATED": AccessDenied,
    "PERMISSION_DENIED": AccessDenied,
    "RESOURCE_EXHAUSTED": ServerBusy,
    "UNAVAILABLE": ServerUnavailable,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
}


def from_status(name, sentence):
    """The typed error of a status name; gRPC and REST answers meet here."""
    return BY_STATUS.get(name, ServerFailure)(sentence)


def from_http_status(status, sentence):
    """The same from an HTTP status; several names share one, and so one error."""
    if status == 413:
        return RequestTooLarge(sentence)
    names = [name for name, number in HTTP_STATUS.items() if number == status]
    return from_status(names[0] if names else "UNKNOWN", sentence)
