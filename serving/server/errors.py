"""Failures of one request, as TensorFlow Serving reports them: a status code and a message."""

from grpc import StatusCode

from serving.errors import HTTP_STATUS

MESSAGE_LIMIT = 1024  # bytes of a gRPC error message
_BY_NUMBER = {code.value[0]: code for code in StatusCode}


class StatusError(Exception):
    """What went wrong with one request; the server lives on."""

    def __init__(self, code: StatusCode, message: str, http_status: int | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or HTTP_STATUS.get(code.name, 500)

    def __str__(self):
        return f"{self.code.name}: {self.message}"


def invalid_argument(message):
    return StatusError(StatusCode.INVALID_ARGUMENT, message)


def not_found(message):
    return StatusError(StatusCode.NOT_FOUND, message)


def unimplemented(message):
    return StatusError(StatusCode.UNIMPLEMENTED, message)


def unavailable(message):
    return StatusError(StatusCode.UNAVAILABLE, message)


def too_large(message):
    """413 and not 429, which asks a client to try the same again."""
    return StatusError(StatusCode.RESOURCE_EXHAUSTED, message, http_status=413)


def from_tensorflow(error):
    """The same failure from a tf.errors.OpError, whose codes are numbered like gRPC's."""
    return StatusError(_BY_NUMBER.get(error.error_code, StatusCode.UNKNOWN), str(error))


def truncated(message):
    """The message as gRPC carries it, cut at 1024 bytes."""
    data = message.encode("utf-8", "replace")
    if len(data) <= MESSAGE_LIMIT:
        return message
    return data[:MESSAGE_LIMIT].decode("utf-8", "ignore") + "...TRUNCATED"
