"""Secrets that are random, and how they are kept."""

import hashlib
import secrets


def digest(secret: str) -> bytes:
    """How a random secret is kept: SHA-256 is enough for 256 bits of chance."""
    return hashlib.sha256(secret.encode()).digest()


def new_secret() -> str:
    """256 random bits, in characters that fit a header."""
    return secrets.token_urlsafe(32)
