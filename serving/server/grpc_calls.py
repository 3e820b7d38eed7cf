"""What surrounds the answer to a gRPC call: a token, a slot, a record, a status."""

import logging

import grpc
from google.protobuf.message import DecodeError

from serving.messages import ADMIN_METHODS, SERVICES
from serving.server.errors import StatusError, truncated
from serving.server.request_log import REQUEST_ID
from serving.server.tokens import HEADER

logger = logging.getLogger(__name__)

ENTRYPOINT = "GRPC"
HEALTH = "/grpc.health.v1.Health/"


def unary(service, method, answer, capacity, log):
    """The handler of a method.

    Args:
      service, method: names in SERVICES or ADMIN_METHODS of `messages`.
      answer: callable(request, response, record, context) that fills the response.
      capacity: Capacity; the call holds a place while it is worked on.
      log: RequestLog.
    """
    methods = {**SERVICES[service], **ADMIN_METHODS.get(service, {})}
    request_class, response_class = methods[method]

    def call(data, context):
        record = begin(log, method, context)
        record.bytes_in = len(data)
        payload, failure = None, None
        try:
            with capacity.place(), capacity.turn(0):
                response = response_class()
                answer(_parsed(request_class, data), response, record, context)
                payload = response.SerializeToString()
        except StatusError as error:
            failure = error
        except Exception as error:  # a surprise costs one call, not the server
            logger.exception("%s failed, request_id=%s", method, record.request_id)
            failure = StatusError(grpc.StatusCode.INTERNAL, str(error))
        if failure is not None:
            finish(log, record, failure, context)
        record.bytes_out = len(payload)
        log.end(record)
        return payload

    # Bytes in, bytes out: so their number is known, and a message that is none gets a record, too.
    return grpc.unary_unary_rpc_method_handler(call)


class TokenCheck(grpc.ServerInterceptor):
    """Refuses a call without a token before its message is read; health checks need none."""

    def __init__(self, tokens, log):
        self._tokens = tokens
        self._log = log

    def intercept_service(self, continuation, handler_call_details):
        method = handler_call_details.method
        if method.startswith(HEALTH):
            return continuation(handler_call_details)
        try:
            self._tokens.check(metadata(handler_call_details.invocation_metadata, HEADER))
        except StatusError as error:
            refusal = error
        else:
            return continuation(handler_call_details)

        def refuse(messages, context):
            record = begin(self._log, method.rpartition("/")[2][:64], context)
            finish(self._log, record, refusal, context)

        # A stream, of which nothing is read: a stranger's gigabyte stays where it is.
        return grpc.stream_unary_rpc_method_handler(refuse)


def begin(log, method, context):
    """The call's record; its request id goes back to the client, whatever comes of the call."""
    sent = metadata(context.invocation_metadata(), REQUEST_ID)
    record = log.begin(method, ENTRYPOINT, context.peer(), sent)
    context.set_trailing_metadata(((REQUEST_ID, record.request_id),))
    return record


def finish(log, record, failure, context):
    """Logs a failed call and ends it; never returns."""
    log.end(record, failure.code.name)
    context.abort(failure.code, truncated(failure.message))


def metadata(pairs, name):
    """The first value under a name, or None."""
    return next((value for key, value in pairs or () if key == name), None)


def _parsed(message_class, data):
    try:
        return message_class.FromString(data)
    except DecodeError as error:
        raise StatusError(
            grpc.StatusCode.INTERNAL, f"not a {message_class.DESCRIPTOR.name}: {error}"
        ) from error
