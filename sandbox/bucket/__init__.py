"""An S3-compatible store played locally: it checks signatures, and takes objects into memory."""
