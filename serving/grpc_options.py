"""How a gRPC channel is set up: its target, its options, its TLS."""

import json

import grpc

from serving import retries
from serving.connection import numeric
from serving.messages import SERVICES

INT32_MAX = 2**31 - 1
# A connection that swallows what is sent is given up after so long (also TCP's own limit for it).
KEEPALIVE_TIMEOUT_SECONDS = 20


def target_of(target):
    """gRPC's own name for where calls go."""
    if len(target.hosts) > 1:
        return numeric(target.hosts)
    return f"dns:///{target.hosts[0]}" if target.balanced else target.hosts[0]


def options_of(target):
    """Channel options of a serving.connection.Target."""
    config = retries.service_config(SERVICES, target.balanced)
    options = [
        # The default of 4 MiB is 42 images of 256 x 128.
        ("grpc.max_send_message_length", INT32_MAX),
        ("grpc.max_receive_message_length", INT32_MAX),
        ("grpc.enable_retries", 1),
        ("grpc.service_config", json.dumps(config)),
        # A request beyond this buffer (256 KiB by default: two images) is never retried.
        ("grpc.per_rpc_retry_buffer_size", INT32_MAX),
        # A server that comes back is noticed within a second, not within two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        # Servers allow a ping each five minutes, and none while nothing is under way; a client that
        # goes on asking more often is sent away with GOAWAY "too_many_pings".
        ("grpc.keepalive_time_ms", int(1000 * target.keepalive)),
        ("grpc.keepalive_timeout_ms", 1000 * KEEPALIVE_TIMEOUT_SECONDS),
        ("grpc.keepalive_permit_without_calls", 0),
    ]
    if target.credentials.server_name:
        options.append(("grpc.ssl_target_name_override", target.credentials.server_name))
    return options


def channel_of(target, module=grpc):
    """A channel of `grpc`, or of `grpc.aio`."""
    name, options = target_of(target), options_of(target)
    if not target.secure:
        return module.insecure_channel(name, options=options)
    credentials = grpc.ssl_channel_credentials(*target.credentials.pem_files())
    return module.secure_channel(name, credentials, options=options)
