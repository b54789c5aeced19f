"""The server's certificate: read and checked before anybody is served with it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from supplynet.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """A certificate and its key, which fit each other.

    Attributes:
        certfile: PEM, with the certificates between it and the authority if there are any.
        names: Host names and addresses that it is for.
        valid_from, valid_until: Aware.
    """

    certfile: Path
    keyfile: Path
    names: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, with the ciphers that the system holds to be good."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        made.load_cert_chain(self.certfile, self.keyfile)
        return made


def read_tls(certfile: Path, keyfile: Path, now: datetime) -> Tls:
    """Read both files and check that they can be used at ``now``.

    Raises:
        ConfigError: One cannot be read, they do not fit, or the time is not theirs.
    """
    certificate = _certificate(certfile)
    if certificate.public_key() != _public_key(keyfile):
        raise ConfigError(
            f"tls_keyfile {keyfile} is not the key of tls_certfile {certfile}; in a chain the "
            "server's own certificate comes first"
        )
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= now <= end:
        when = f"until {end:%Y-%m-%d %H:%M}" if now > end else f"from {start:%Y-%m-%d %H:%M}"
        raise ConfigError(f"tls_certfile {certfile} is valid {when} UTC only; get a new one")
    return Tls(
        certfile=certfile,
        keyfile=keyfile,
        names=_names(certificate),
        valid_from=start,
        valid_until=end,
    )


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_content("tls_certfile", path))[0]
    except ValueError:
        raise ConfigError(f"tls_certfile {path} holds no certificate in PEM") from None


def _public_key(path: Path) -> object:
    content = _content("tls_keyfile", path)
    try:
        return load_pem_private_key(content, password=None).public_key()
    except TypeError:
        raise ConfigError(
            f"tls_keyfile {path} has a password; a server that starts by itself cannot type it: "
            "store the key without, readable by the server only"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"tls_keyfile {path} holds no private key in PEM") from None


def _content(setting: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{setting} {path} cannot be read: {error.strerror}") from None


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return tuple(str(each.value) for each in common)
    names = found.get_values_for_type(x509.DNSName)
    return (*names, *(str(each) for each in found.get_values_for_type(x509.IPAddress)))
