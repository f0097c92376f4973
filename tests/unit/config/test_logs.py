from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest

from exporter.logs import configure_logging

LIBRARIES = ("asyncio", "aiohttp.client", "kubernetes.client.rest", "kubernetes", "urllib3.pool")


class Log:
    """What was written to standard error."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def text(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """Standard error; logging is as it was afterwards."""
    names = ("", "asyncio", "aiohttp", "kubernetes", "urllib3")
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    handlers = logging.getLogger().handlers[:]
    yield Log(capsys)
    logging.getLogger().handlers[:] = handlers
    for logger, level in before:
        logger.setLevel(level)


def say(message: str, **fields: object) -> None:
    """One line of ours."""
    logging.getLogger("exporter").warning(message, extra={"fields": fields})


def test_logfmt_line(log: Log) -> None:
    """A line begins with time in UTC, level and message; fields follow in their order."""
    configure_logging("info", "logfmt")
    say("synced", scope="shop", events=5, streamed=True)
    assert re.fullmatch(
        r"ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=warn msg=synced "
        r"scope=shop events=5 streamed=true\n",
        log.text(),
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain/value:1", "plain/value:1"),
        ("two words", '"two words"'),
        ("", '""'),
        ('say "hi"', r'"say \"hi\""'),
        ("a=b", '"a=b"'),
        ("back\\slash", r'"back\\slash"'),
        ("two\nlines", r'"two\nlines"'),
        ("tab\there", r'"tab\there"'),
        ("\x1b[31m", r'"\u001b[31m"'),
        ("é日", "é日"),
        (None, "None"),
        (False, "false"),
        (0.5, "0.5"),
    ],
)
def test_logfmt_values_are_quoted_where_they_need_it(log: Log, value: object, written: str) -> None:
    """A value from a cluster can neither end its field nor its line, nor reach the terminal."""
    configure_logging("info", "logfmt")
    say("x", value=value)
    assert log.text().endswith(f" value={written}\n")
    assert log.text().count("\n") == 1


def test_json_line(log: Log) -> None:
    """In JSON a line is one object with the same fields; numbers stay numbers."""
    configure_logging("info", "json")
    say('watch "broke"\n', cause="reset", retry=1.5, path=object)
    (line,) = log.text().splitlines()
    found = json.loads(line)
    assert list(found)[:3] == ["ts", "level", "msg"]
    assert found["msg"] == 'watch "broke"\n'
    assert found["level"] == "warn"
    assert (found["cause"], found["retry"]) == ("reset", 1.5)
    assert found["path"] == "<class 'object'>"


@pytest.mark.parametrize("format_", ["logfmt", "json"])
def test_exception_stays_on_its_line(log: Log, format_: str) -> None:
    """A traceback is a field of the line, not lines of its own."""
    configure_logging("info", format_)
    try:
        raise ValueError("bad")
    except ValueError:
        logging.getLogger("exporter").exception("died")
    assert log.text().count("\n") == 1
    assert "ValueError: bad" in log.text()


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_level_is_the_least_that_is_logged(log: Log, level: str) -> None:
    """Lines below the level are not written, those at it are."""
    configure_logging(level, "logfmt")
    numbers = {"debug": 10, "info": 20, "warning": 30, "error": 40}
    for number in numbers.values():
        logging.getLogger("exporter").log(number, "at %s", number)
    shown = re.findall(r'msg="at (\d+)"', log.text())
    assert shown == [str(n) for n in numbers.values() if n >= numbers[level]]


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_do_not_speak_at_debug(log: Log, library: str) -> None:
    """At debug only we speak: a library's debug lines hold headers, and headers hold tokens."""
    configure_logging("debug", "logfmt")
    logging.getLogger(library).debug("Authorization: Bearer secret")
    logging.getLogger(library).info("hello")
    assert "secret" not in log.text()
    assert "hello" in log.text()


def test_libraries_are_held_to_a_higher_level_too(log: Log) -> None:
    """With log.level=error a library's warning is not written either."""
    configure_logging("error", "logfmt")
    logging.getLogger("aiohttp.server").warning("hello")
    assert log.text() == ""


def test_configured_twice_writes_once(log: Log) -> None:
    """Another configuration replaces the one before."""
    configure_logging("info", "json")
    configure_logging("info", "logfmt")
    say("hello")
    assert log.text().count("hello") == 1
