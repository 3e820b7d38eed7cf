"""What a server certificate says of itself, read before a client finds it out.

The standard library hands out the dates of a peer's certificate only, so the few fields up to them
are walked here: Certificate { TBSCertificate { [0] version, serial number, signature, issuer,
validity { notBefore, notAfter } .. } .. }, RFC 5280, section 4.1.
"""

import datetime
import ssl

_CONTEXT_0, _UTC_TIME = 0xA0, 0x17
_FORMATS = {_UTC_TIME: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}  # and GeneralizedTime
_END = "-----END CERTIFICATE-----"


def validity(pem):
    """(not before, not after) of the first certificate in PEM text, as UTC datetimes.

    Raises ValueError for what is no certificate.
    """
    first = pem[pem.find("-----BEGIN CERTIFICATE-----") :]
    first = first[: first.find(_END) + len(_END)]
    try:
        der = ssl.PEM_cert_to_DER_cert(first)
        certificate = _children(_children(der)[0][1])
        fields = _children(certificate[0][1])
        start = 1 if fields[0][0] == _CONTEXT_0 else 0
        not_before, not_after = _children(fields[start + 3][1])
        return _time(*not_before), _time(*not_after)
    except (IndexError, KeyError, ValueError) as error:
        raise ValueError("no certificate in PEM form") from error


def _children(data):
    """[(tag, content)] of the DER elements that follow one another in `data`."""
    found, at = [], 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at : at + count], "big")
            at += count
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _time(tag, content):
    # A two-digit year below 50 is of this century, here and for Python (until 69, which no
    # certificate in UTCTime reaches).
    parsed = datetime.datetime.strptime(content.decode("ascii"), _FORMATS[tag])
    return parsed.replace(tzinfo=datetime.timezone.utc)
