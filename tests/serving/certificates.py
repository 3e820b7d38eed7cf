"""Certificates that live as long as a test: good, expired, for another name, of a stranger."""

import datetime

import trustme


class Certificates:
    """An authority and what it signed; `path(name)` writes a PEM file and returns where."""

    def __init__(self, folder):
        now = datetime.datetime.now(datetime.timezone.utc)
        days = datetime.timedelta(days=1)
        self.ca, self.stranger = trustme.CA(), trustme.CA()
        self.good = self.ca.issue_cert("localhost")
        self.expired = self.ca.issue_cert(
            "localhost", not_before=now - 2 * days, not_after=now - days
        )
        self.elsewhere = self.ca.issue_cert("elsewhere.example")
        self.client = self.ca.issue_cert("a-client")
        self._folder = folder
        self.files = {
            "ca": self.write("ca", self.ca.cert_pem),
            "stranger": self.write("stranger", self.stranger.cert_pem),
            "client": self.write("client", self.client.cert_chain_pems[0]),
            "client_key": self.write("client_key", self.client.private_key_pem),
            "other_key": self.write("other_key", self.good.private_key_pem),
            "text": self._folder / "text.pem",
        }
        self.files["text"].write_text("no certificate")

    def write(self, name, blob):
        path = self._folder / f"{name}.pem"
        path.write_bytes(blob.bytes())
        return path
