"""From a server's address to a Target: where it is, and how to speak with it."""

import dataclasses
import ipaddress
import socket
import urllib.parse

from serving.credentials import Credentials
from serving.errors import BadRequest, ServerUnavailable
from serving.telling import warn

FORMS = (
    "give host:port for gRPC (host1:port,host2:port or dns:///host:port for several servers that "
    "take turns) or http://host:port for REST"
)
SCHEMES = ("grpc", "http", "https")


@dataclasses.dataclass(frozen=True)
class Target:
    """Where calls go.

    address: as the caller wrote it; errors name it.
    scheme: "grpc", "http" or "https".
    hosts: "host:port" each; several, or all behind one name, take turns where `balanced`.
    timeout: seconds that one call may take.
    keepalive: seconds after which a silent connection with a call under way is probed.
    label: of the version that is asked, or None for the highest one that is served.
    """

    address: str
    scheme: str
    hosts: tuple
    balanced: bool
    credentials: Credentials
    timeout: float
    keepalive: float
    label: str | None = None

    def limited(self, timeout):
        """Seconds for one call that may bring an own, shorter timeout."""
        return self.timeout if timeout is None else min(self.timeout, timeout)

    @property
    def secure(self):
        """Whether calls go over TLS."""
        return self.scheme == "https" or (self.scheme == "grpc" and self.credentials.secure)

    @property
    def host(self):
        """The name that the server's certificate has to bear."""
        return self.credentials.server_name or urllib.parse.urlsplit(f"//{self.hosts[0]}").hostname


def parse(server, *, credentials=None, timeout=60.0, keepalive=300.0, label=None):
    """The Target of "host:port", of several, of "dns:///host:port" (gRPC) or of a URL (REST)."""
    credentials = credentials or Credentials()
    named = server.removeprefix("dns:///")
    several = named.split(",") if "://" not in named else [named]
    urls = [split(one) for one in several]
    if None in urls or (len({url.scheme for url in urls}) > 1) or (named != server and urls[1:]):
        raise wrong(server)
    scheme = urls[0].scheme
    if scheme == "grpc" and not all(url.port and not url.path for url in urls):
        raise wrong(server)
    if scheme != "grpc" and named != server:
        raise wrong(server)
    if scheme == "http" and credentials.secure:
        raise BadRequest(f"{server} is plain HTTP: say https://, or leave out the TLS credentials")
    hosts = tuple(url.netloc for url in urls)
    if len(hosts) > 1 and credentials.secure and not credentials.server_name:
        raise BadRequest(
            f"{server} are several servers, and each would have to bear one name: give it with "
            "Credentials(server_name=...), or say dns:///host:port"
        )
    balanced = len(hosts) > 1 or named != server
    address = server if scheme == "grpc" else server.rstrip("/")
    target = Target(address, scheme, hosts, balanced, credentials, timeout, keepalive, label)
    warn_of_open_token(target, urls)
    return target


def split(address):
    """The parts of one address, or None where it is none."""
    try:
        url = urllib.parse.urlsplit(address if "://" in address else f"grpc://{address}")
        # Asking for a port above 65535 is a ValueError.
        fits = url.hostname and url.port != 0 and url.scheme in SCHEMES
    except ValueError:
        fits = False
    return url if fits else None


def wrong(server):
    return BadRequest(f"{server!r} is no address of a model server: {FORMS}")


def warn_of_open_token(target, urls):
    if target.credentials.token is None or target.secure:
        return
    if not all(is_local(url.hostname) for url in urls):
        warn(f"the token goes to {target.address} in plain text, for others to read: use TLS")


def is_local(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def numeric(hosts):
    """gRPC's name for several servers: "ipv4:1.2.3.4:8500,..."; names are looked up once, here."""
    found = {}
    for host in hosts:
        url = urllib.parse.urlsplit(f"//{host}")
        try:
            answers = socket.getaddrinfo(url.hostname, url.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ServerUnavailable(
                f"{host} is not known ({error.strerror or error}): check the name"
            ) from error
        for family, *_, place in answers:
            found.setdefault(family, {}).setdefault(host, place)
    for family, scheme, form in (
        (socket.AF_INET, "ipv4", "{}:{}"),
        (socket.AF_INET6, "ipv6", "[{}]:{}"),
    ):
        places = found.get(family, {})
        if len(places) == len(set(hosts)):
            return f"{scheme}:" + ",".join(form.format(*place[:2]) for place in places.values())
    raise BadRequest(
        f"{', '.join(hosts)} are reached over IPv4 and IPv6 by turns: name addresses of one kind"
    )
