"""Signatures of Signature Version 4, against the vendor's own example."""

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
