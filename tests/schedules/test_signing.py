"""Signatures of Signature Version 4, against the vendor's own example."""

import http.client
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from schedules import signing

# docs.aws.amazon.com, "Signature Calculations for the Authorization Header", example "PUT Object".
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SIGNED = {
    "date": "Fri, 24 May 2013 00:00:00 GMT",
    "host": "examplebucket.s3.amazonaws.com",
    "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
}


def test_the_vendors_example():
    assert signing.sha256(b"Welcome to Amazon S3.") == SIGNED["x-amz-content-sha256"]
    found = signing.signature_of("PUT", "/test%24file.text", SIGNED, SECRET, "us-east-1")
    assert found == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"


@pytest.mark.parametrize(
    "endpoint",
    ["https://S3.example.com:443", "http://s3.example.com:80", "http://[::1]:80", "https://s3.example.com:80"],
)
def test_the_host_is_signed_as_it_is_sent(endpoint):
    """A port that the scheme implies stands in no header Host, whatever the settings say."""
    parts = urlsplit(endpoint)
    own = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = own(parts.hostname, parts.port)
    line.putrequest("PUT", "/reports/key")
    (sent,) = (one for one in line._buffer if one.startswith(b"Host: "))
    at, digest = datetime(2026, 11, 18, tzinfo=UTC), signing.sha256(b"")
    signed = {
        "host": sent.decode().removeprefix("Host: "),
        "x-amz-content-sha256": digest,
        "x-amz-date": f"{at:%Y%m%dT%H%M%SZ}",
    }
    found = signing.headers("PUT", f"{endpoint}/reports/key", digest, at, "key", SECRET, "us-east-1")["Authorization"]
    assert found.endswith(signing.signature_of("PUT", "/reports/key", signed, SECRET, "us-east-1"))
