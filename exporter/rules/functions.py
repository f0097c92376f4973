# SPDX-License-Identifier: Apache-2.0
"""The functions that rules may use: text in, text or number out, never an exception."""

from __future__ import annotations

import re
from functools import lru_cache

# Go's time.Duration.String(), as kubelets write it: "1m2.5s", "532ms", "0s".
# Both code points for micro are in the field.
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|\u00b5s|\u03bcs|ns))+\Z")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|\u00b5s|\u03bcs|ns)")
_UNIT_SECONDS = {
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "\u00b5s": 1e-6,
    "\u03bcs": 1e-6,
    "ns": 1e-9,
}
_MANY_DIGITS = 9  # thirty years
# Go's Duration is 64 bits of nanoseconds; one infinite value would spoil a sum for good.
_MAX_SECONDS = 2**63 / 1e9
_DEFAULT_REGISTRY = "docker.io"


def duration(text: str) -> float | None:
    """Seconds of a Go duration, or None.

    >>> duration("1m2.5s")
    62.5
    """
    # Nearly all of them are like "1.234s" or "532ms"; a pattern would be felt.
    number, scale = (text[:-2], 1e-3) if text.endswith("ms") else (text[:-1], 1.0)
    whole, point, fraction = number.partition(".")
    plain = whole.isdecimal() and (not point or fraction.isdecimal())
    if plain and text.endswith("s") and len(whole) <= _MANY_DIGITS:
        return float(number) * scale
    if not _DURATION.match(text):
        return None
    seconds = sum(float(n) * _UNIT_SECONDS[unit] for n, unit in _DURATION_PART.findall(text))
    return seconds if seconds <= _MAX_SECONDS else None


def quantity(text: str) -> float | None:
    """A plain non-negative number, or None."""
    return float(text) if text.isdecimal() and len(text) < 20 else None


@lru_cache(maxsize=4096)
def registry(image: str) -> str:
    """The registry of an image reference, by the rule that containerd and Docker follow:
    the part before the first slash, if it has a dot or a colon or is localhost.

    >>> registry("nginx"), registry("quay.io/team/app:v1")
    ('docker.io', 'quay.io')
    """
    host, slash, _ = image.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        return host.lower()
    return _DEFAULT_REGISTRY
