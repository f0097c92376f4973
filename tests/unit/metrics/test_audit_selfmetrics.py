"""What is told of the reception of audit events: of the sources that are on, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.auditing import Auditing
from exporter.auditlog.telemetry import Gap
from exporter.config import load_config
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.declaration import Declaration
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting
from exporter.rules.audit.rulebook import AuditRules
from exporter.rules.loading import load
from exporter.selfmetrics import SelfMetrics
from exporter.selfmetrics.declarations_audit import AUDIT, OF_EACH_SOURCE, OF_LOG, OF_WEBHOOK
from exporter.web.webhook import Refusal
from tests.unit.audit.events import line
from tests.unit.metrics.house import samples

WEBHOOK = {"audit.webhook.listen-address": "127.0.0.1:0"}
LOG = {"audit.log.path": "/nowhere/audit.log"}
HEAD = "kube_event_metrics_audit_"


class Told:
    """An exporter of audit events, as its page tells of it."""

    def __init__(self, flags: dict[str, str]) -> None:
        births = Births(lambda: 0.0)
        scrapers = Scrapers(births, lambda: 0.0)
        config = load_config({"audit.only": "true", **flags}, {})
        self.auditing = Auditing(config, births, scrapers, lambda *_: None, rules=AuditRules())
        self.auditing.begin()
        counting = Counting(load([], lambda: 0.0), births, series_limit=10)
        own = SelfMetrics(births, scrapers, counting, [], auditing=self.auditing)
        families = (*self.auditing.families(), *own.families())
        self._page = Page(families, births, scrapers, refresh=own.refresh)

    @property
    def text(self) -> str:
        return b"".join(self._page.render(Format.TEXT)[0]).decode()

    def value(self, name: str, labels: str = "") -> float:
        return samples(self.text)[HEAD + name + (f"{{{labels}}}" if labels else "")]


@pytest.mark.parametrize(
    ("flags", "families"),
    [
        (WEBHOOK, (*OF_EACH_SOURCE, *OF_WEBHOOK)),
        (LOG, (*OF_EACH_SOURCE, *OF_LOG)),
        (WEBHOOK | LOG, AUDIT),
    ],
    ids=["webhook", "log", "both"],
)
def test_there_are_the_families_of_what_is_on(
    flags: dict[str, str], families: tuple[Declaration, ...]
) -> None:
    """In the order of their declarations, each once; closed sets from the start."""
    told = Told(flags)
    types = [row.split()[2] for row in told.text.splitlines() if row.startswith("# TYPE")]
    assert [name for name in types if name.startswith(HEAD)] == [d.name for d in families]
    if WEBHOOK.items() <= flags.items():
        for cause in Refusal:
            assert told.value("webhook_refused_total", f'cause="{cause}"') == 0
    if LOG.items() <= flags.items():
        for gap in Gap:
            assert told.value("log_gaps_total", f'cause="{gap}"') == 0


def test_lines_of_the_log_are_told() -> None:
    """Read, known before, not counted, not readable."""
    told = Told(LOG)
    block = line() + line() + line(stage="RequestReceived") + b"junk\n"
    told.auditing._take(told.auditing._read(block, last=False))
    assert told.value("records_total", 'source="log"') == 3
    assert told.value("duplicates_total", 'source="log"') == 1
    assert told.value("uncounted_total", 'source="log"') == 1
    assert told.value("undecodable_total", 'source="log",cause="syntax"') == 1
    assert told.value("identities", 'source="log"') == 1
    assert told.value("identities_limit", 'source="log"') > 1
    assert told.value("lag_seconds", 'source="log"') > 0


def test_what_the_follower_notes_is_told() -> None:
    """Overlong lines among what cannot be read."""
    told = Told(LOG)
    assert told.auditing.follower is not None
    telemetry = told.auditing.follower.telemetry
    telemetry.overlong, telemetry.rotations, telemetry.readable = 2, 3, True
    telemetry.gaps[Gap.TRUNCATED] = 4
    assert told.value("undecodable_total", 'source="log",cause="overlong"') == 2
    assert told.value("log_rotations_total") == 3
    assert told.value("log_readable") == 1
    assert told.value("log_gaps_total", 'cause="truncated"') == 4


def test_series_and_labels_of_audit_families_are_told_apart(tmp_path: Path) -> None:
    """Their label values are bounded apart from those of events."""
    told = Told(LOG)
    told.auditing._take(told.auditing._read(line(), last=False))
    own = samples(told.text)
    assert own['kube_event_metrics_series{family="kube_audit_requests_total"}'] == 1
    assert own['kube_event_metrics_label_values{label="audit/resource"}'] == 1


async def test_the_checkpoint_is_active_when_all_of_it_is(tmp_path: Path) -> None:
    """Of an exporter of audit events alone it is one file."""
    told = Told({**LOG, "checkpoint.path": str(tmp_path / "c.db")})
    assert samples(told.text)["kube_event_metrics_checkpoint_active"] == 1
    assert told.auditing.committer is not None
    await told.auditing.committer.close()
    told = Told({**LOG, "checkpoint.path": str(tmp_path / "missing" / "c.db")})
    assert samples(told.text)["kube_event_metrics_checkpoint_active"] == 0


def test_families_of_events_are_not_told_of_where_none_are_watched() -> None:
    """They are not on the page."""
    text = Told(LOG).text
    assert 'kube_event_metrics_series{family="kube_audit_requests_total"}' in text
    assert 'family="kube_events_total"' not in text
    assert 'label="reason"' not in text
