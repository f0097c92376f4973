from __future__ import annotations

import pytest

from exporter.metrics.text import Format
from exporter.web.negotiation import format_for, gzip_accepted

PROMETHEUS_2_30 = (
    "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_NATIVE_HISTOGRAMS = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    "q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_TEXT_FIRST = (
    "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
    "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    "accept",
    [
        PROMETHEUS_2_30,
        PROMETHEUS_2_42,
        PROMETHEUS_3,
        PROMETHEUS_3_NATIVE_HISTOGRAMS,
        "application/openmetrics-text",
        "Application/OpenMetrics-Text ; Version=1.0.0",
        'application/openmetrics-text;version="1.0.0"',
        "text/plain;q=0.5, application/openmetrics-text;q=0.6",
    ],
)
def test_who_prefers_openmetrics_gets_it(accept: str) -> None:
    """Every Prometheus from 2.30 on, and whoever weighs OpenMetrics highest, gets it."""
    assert format_for(accept) is Format.OPENMETRICS


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        FIREFOX,
        CHROME,
        PROMETHEUS_3_TEXT_FIRST,
        "text/plain",
        "text/*",
        "text/plain;version=0.0.4",
        "text/html",
        "application/json",
        "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=0,*/*;q=0",
        "application/openmetrics-text;q=much, text/plain;q=0.1",
        "application/openmetrics-text;q=0.5, text/plain;q=0.6",
        ",;,=;q",
    ],
)
def test_everybody_else_gets_text(accept: str) -> None:
    """curl, browsers, whoever weighs text higher or asks for what we do not have, get text."""
    assert format_for(accept) is Format.TEXT


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text, text/plain",
        "text/plain, application/openmetrics-text",
        "*/*;q=0.5, application/openmetrics-text;q=0.5",
    ],
)
def test_who_likes_both_the_same_gets_openmetrics(accept: str) -> None:
    """Between equals the order in the header means nothing: OpenMetrics has the exemplars."""
    assert format_for(accept) is Format.OPENMETRICS


@pytest.mark.parametrize(
    ("accept_encoding", "zipped"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br", True),
        ("deflate;q=1, gzip;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("br", False),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0", False),
        ("*;q=0, gzip", True),
        ("gzip;q=x", False),
    ],
)
def test_gzip_is_for_who_takes_it(accept_encoding: str, zipped: bool) -> None:
    """A page is zipped where the client lists it or everything, and does not rule it out."""
    assert gzip_accepted(accept_encoding) is zipped
