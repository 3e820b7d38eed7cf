"""What can go wrong between a client and a model server, one sentence each."""

import re

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
TOO_LARGE_HTTP = 413  # in gRPC's words RESOURCE_EXHAUSTED with "larger than max"


class ServingError(Exception):
    """Told in one sentence that names the thing and the remedy; entry modules print it, exit 2.

    details: the server's own words, where it said any.
    status: name of the server's status, as in HTTP_STATUS, where it sent one.
    """

    details = ""
    status = ""


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


class TlsFailed(ServerUnavailable):
    """Client and server do not agree on TLS or a certificate; trying again changes nothing."""


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
    "CANCELLED": ServerUnavailable,  # never by the client: the server is shutting down
    "DEADLINE_EXCEEDED": DeadlineExceeded,
}
GONE = (
    "the model server at {address} is not available ({details}): "
    "check that it runs there, and try again"
)
SENTENCES = {
    "NOT_FOUND": "{address} does not serve {model!r}: {details}",
    "UNAVAILABLE": GONE,
    "CANCELLED": GONE,
    "UNAUTHENTICATED": "{address} does not know who asks ({details}): give a token that it "
    "accepts, Credentials(token=...) or --token_file",
    "PERMISSION_DENIED": "{address} does not allow this ({details}): ask its owner for access, or "
    "give another token, Credentials(token=...) or --token_file",
    "RESOURCE_EXHAUSTED": "the model server at {address} is busy ({details}): try again later",
    "DEADLINE_EXCEEDED": "no answer from {address} within {timeout:g} seconds: allow more "
    "(the first call of an attack takes longest) or send less at a time",
}
QUEUE_FULL = re.compile(r"queue .*is full")  # of batches (TF Serving's words), of REST requests
OTHERWISE = "{address} could not answer the request: {details}"
TOO_LARGE = "the request is above a limit of {address} ({details}): send less at a time"


def status_name(http_status):
    """A name for an HTTP status; names that share one share an error too."""
    if http_status == TOO_LARGE_HTTP:
        return "RESOURCE_EXHAUSTED"
    names = [name for name, number in HTTP_STATUS.items() if number == http_status]
    return names[0] if names else "UNKNOWN"


def first_line(details, name):
    """What was said, without a graph's stack trace; the name of the status where nothing was."""
    return (details.strip() or name).splitlines()[0].strip()


def from_server(name, details, address, model, timeout):
    """The typed error of a failed call, in a sentence; gRPC and REST meet here.

    Args:
      name: name of the status, as in HTTP_STATUS.
      details: what the server, or the network, said; a graph's stack trace is cut off.
      address, model: who was asked for what.
      timeout: seconds that the call had.
    """
    details = first_line(details, name)
    kind, sentence = BY_STATUS.get(name, ServerFailure), SENTENCES.get(name, OTHERWISE)
    if name == "UNAVAILABLE" and QUEUE_FULL.search(details):  # it is there, and says so
        kind, sentence = ServerBusy, SENTENCES["RESOURCE_EXHAUSTED"]
    if "larger than max" in details:  # a message (gRPC) or a batch (batching session)
        kind, sentence = RequestTooLarge, TOO_LARGE
    error = kind(sentence.format(address=address, model=model, details=details, timeout=timeout))
    error.details, error.status = details, name
    return error
