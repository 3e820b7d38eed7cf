"""What a failed connection tells about TLS: one sentence with a remedy for gRPC and REST alike.

gRPC reports a bad certificate as UNAVAILABLE with the words of its TLS library, Python's ssl as an
exception with those of another.
"""

from serving.errors import TlsFailed, from_server

CA = "Credentials(ca=...) or --tls_ca"
CLIENT = "Credentials(certificate=..., key=...) or --tls_certificate and --tls_key"
UNTRUSTED = (
    "its certificate is of no authority that is trusted here: give the one that signed it, "
) + CA
MISNAMED = (
    "its certificate is not for {host}: use the name it was made for, or "
    "Credentials(server_name=...)"
)
CLIENT_WANTED = "it wants a certificate of its clients: " + CLIENT
NOT_THERE = (
    "it does not speak TLS there: leave out the TLS credentials (for REST say http://), or use its "
    "TLS port"
)
DISAGREED = "TLS could not be agreed upon: compare the certificates of both sides"
# What either library says, in lower case -> what it means; the first that fits counts.
REMEDIES = {
    "certificate has expired": "its certificate has expired: its owner has to renew it",
    "not yet valid": "its certificate is not valid yet: compare the clocks of both machines",
    "hostname verification check failed": MISNAMED,
    "hostname mismatch": MISNAMED,
    "ip address mismatch": MISNAMED,
    "certificate_verify_failed": UNTRUSTED,
    "certificate verify failed": UNTRUSTED,
    "certificate_required": CLIENT_WANTED,
    "certificate required": CLIENT_WANTED,
    "wrong_version_number": NOT_THERE,
    "wrong version number": NOT_THERE,
    "handshake failed": DISAGREED,
    "[ssl": DISAGREED,
}
# What is left of a connection that the other side dropped: of many causes TLS is one.
DROPPED = ("socket closed", "connection reset", "closed connection without response", "\x15\x03")
DROPPED_PLAIN = f"; if it speaks TLS, trust its authority: {CA}"
DROPPED_TLS = f"; if it wants a certificate of its clients: {CLIENT}"
DROPPED_SHOWN = (
    "; it may not accept this client's certificate: look at its dates, and whether the server "
    "trusts its authority"
)
# gRPC tries the addresses of a name in turn and tells of the last one alone: behind a refused ::1
# there may be a certificate of 127.0.0.1 that does not fit.
HIDDEN = (
    "all addresses",
    "; or TLS failed at another address of {host}, of which gRPC tells nothing: compare the "
    "certificates of both sides",
)


def connection_error(name, details, target, model, timeout):
    """`errors.from_server`, where the failure may be one of TLS.

    Args:
      name, details, model, timeout: as of `from_server`.
      target: serving.connection.Target that was called.
    """
    error = from_server(name, details, target.address, model, timeout)
    if name != "UNAVAILABLE":
        return error
    said = details.lower()
    remedy = next((remedy for words, remedy in REMEDIES.items() if words in said), None)
    if remedy is not None:
        sentence = remedy.format(host=target.host)
        better = TlsFailed(f"no secure connection to {target.address}: {sentence}")
    elif any(words in said for words in DROPPED):
        better = type(error)(f"{error}{dropped(target)}")
    elif target.secure and HIDDEN[0] in said:
        better = type(error)(f"{error}{HIDDEN[1].format(host=target.host)}")
    else:
        return error
    better.details, better.status = error.details, name
    return better


def dropped(target):
    """What to look at when the other side ended the connection without a word."""
    if not target.secure:
        return DROPPED_PLAIN
    return DROPPED_TLS if target.credentials.certificate is None else DROPPED_SHOWN
