"""From a server's address to the transport that speaks with it."""

import urllib.parse

from serving.errors import BadRequest
from serving.grpc_transport import GrpcTransport
from serving.rest_transport import CONNECTIONS, RestTransport


def connect(server, timeout):
    """The transport of "host:port" (gRPC) or of a URL (REST)."""
    try:
        url = urllib.parse.urlsplit(server if "://" in server else f"grpc://{server}")
        named = url.hostname and url.port != 0  # asking for a port above 65535 is a ValueError
    except ValueError:
        named = False
    if named and url.scheme in CONNECTIONS:
        return RestTransport(server, timeout)
    if named and url.scheme == "grpc" and url.port and not url.path:
        return GrpcTransport(url.netloc, timeout)
    raise BadRequest(
        f"{server!r} is no address of a model server: give host:port for gRPC or "
        "http://host:port for REST"
    )
