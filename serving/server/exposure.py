"""What whoever starts a server should know about who can reach it."""


def remarks(server, security, host):
    """Yields sentences; those that ask for a change begin with "warning".

    Args:
      server: EmbeddedServer that has started.
      security: its options.Security.
      host: the address that it was told to listen on.
    """
    ssl_config, rest = security.ssl_config, server.rest_address
    if ssl_config is not None:
        clients = "whose certificate is verified" if ssl_config.client_verify else "of any kind"
        yield f"TLS: gRPC for clients {clients}; REST stays plain HTTP, as in TensorFlow Serving"
    if not server.is_exposed:
        return
    verified = ssl_config is not None and ssl_config.client_verify and not rest
    if not security.token_file and not verified:
        yield (
            f"warning: {host} can be reached from other machines and nobody is asked for a token; "
            "give a --token_file, or put a proxy in front"
        )
    elif security.token_file and (rest or ssl_config is None):
        yield "warning: tokens cross the network in the clear without TLS; put a proxy in front"
