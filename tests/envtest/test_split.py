# SPDX-License-Identifier: Apache-2.0
"""One cluster, several exporters: each event is counted by one of them (docs/scaling.md)."""

from __future__ import annotations

import random
import re
import secrets
import shlex
import urllib.parse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.envtest.api import ApiError
from tests.envtest.cluster import EVENTS_READER, RBAC, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.kustomized import ROOT
from tests.envtest.recorders import Recorders

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_GUIDE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
_NAMED = ("shop", "payments")
"""Those that the guide names."""
_SELECTOR = "--events.field-selector="
_LAST = "TestLast"

Counts = Counter[tuple[str, str]]
"""Occurrences by namespace and reason."""


def documented(heading: str) -> list[list[str]]:
    """The flags of each part, from the block below a heading of the guide: one part a line."""
    section = _GUIDE.partition(f"\n### {heading}\n")[2].partition("\n##")[0]
    (block,) = re.findall(r"^```text\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for line in block.splitlines()]


def renamed(parts: Sequence[Sequence[str]], names: Mapping[str, str]) -> list[list[str]]:
    """The same flags, with the namespaces of a test in place of those of the guide."""
    found = re.compile("|".join(rf"\b{name}\b" for name in names))
    return [[found.sub(lambda name: names[name[0]], flag) for flag in part] for part in parts]


class Split:
    """Several exporters of one cluster, and what is written there of the test's own."""

    def __init__(self, cluster: Cluster, tmp_path: Path, run_exporter: RunExporter) -> None:
        self._cluster = cluster
        self._folder = tmp_path
        self._run = run_exporter
        self._reason = f"Test{secrets.token_hex(4)}"
        self.parts: list[ExporterProcess] = []
        self.nodes: Counter[str] = Counter()

    def start(self, flags: Sequence[str]) -> None:
        """One more part, with no more rights than its flags need."""
        own = self._cluster.namespace()
        names = [each.partition("=")[2] for each in flags if each.startswith("--events.namespace")]
        token = self._cluster.service_account(own, "exporter", [] if names else EVENTS_READER)
        subject = {"kind": "ServiceAccount", "name": "exporter", "namespace": own}
        for name in names:
            self._cluster.bind(f"{RBAC}/namespaces/{name}", "Role", EVENTS_READER, subject)
        config = self._cluster.kubeconfig(self._folder / f"{own}.kubeconfig", token=token)
        self.parts.append(self._run(config, *flags))

    def of_a_node(self, reason: str = "") -> None:
        """Something occurs to a node: an event in `default` about an object without a namespace."""
        reason = self._reason + (reason or f"Node{len(self.nodes) % 3}")
        name = f"node-1.{secrets.token_hex(8)}"
        body = {
            "metadata": {"name": name, "namespace": "default"},
            "involvedObject": {"kind": "Node", "name": "node-1", "uid": "node-1"},
            "reason": reason,
            "type": "Normal",
            "source": {"component": "kubelet", "host": "node-1"},
            "count": 1,
        }
        self._cluster.admin.request("POST", "/api/v1/namespaces/default/events", body)
        self.nodes[reason] += 1

    def counted(self, *writers: EventWriter) -> list[Counts]:
        """What each part has counted, when each watch has passed the end of what was written.

        In every namespace something is written last. Frames come in order: whoever has counted it
        has counted, once or twice, all that came before on the same watch.
        """
        for writer in writers:
            writer.create(_LAST)
        self.of_a_node(_LAST)
        ends = {(writer.namespace, _LAST) for writer in writers} | {("", self._reason + _LAST)}

        def ended() -> list[Counts] | None:
            found = [
                self._counts(part, {"", *(w.namespace for w in writers)}) for part in self.parts
            ]
            return found if ends <= {key for counts in found for key in counts} else None

        found = self.parts[0].process.wait_for(ended, f"the parts count {ends}", 60)
        return [Counter({k: n for k, n in counts.items() if k not in ends}) for counts in found]

    def _counts(self, part: ExporterProcess, namespaces: set[str]) -> Counts:
        counts: Counts = Counter()
        for sample in part.samples():
            if sample.name == "kube_events_total" and sample.labels["namespace"] in namespaces:
                namespace, reason = sample.labels["namespace"], sample.labels["reason"]
                if sample.value and (namespace or reason.startswith(self._reason)):
                    counts[namespace, reason] += int(sample.value)
        return counts


@pytest.fixture
def split(cluster: Cluster, tmp_path: Path, run_exporter: RunExporter) -> Split:
    return Split(cluster, tmp_path, run_exporter)


@pytest.mark.parametrize("heading", ["By namespaces", "By kinds"])
def test_each_event_is_counted_by_one_part(heading: str, cluster: Cluster, split: Split) -> None:
    """Of the namespaces that the parts name, of others, of one that is made later, and of nodes:
    the sum over the parts is what occurred, and no two of them share a series.
    """
    rng = random.Random(7)
    names = {name: cluster.namespace(f"{name}-") for name in _NAMED}
    places = [*names.values(), cluster.namespace()]
    for flags in renamed(documented(heading), names):
        split.start(flags)
    places.append(cluster.namespace("later-"))
    writers = [EventWriter(cluster.admin, place) for place in places]
    recorders = [Recorders(writer, rng) for writer in writers]
    for _ in range(400):
        rng.choice(recorders).occur()
        if not rng.randrange(10):
            split.of_a_node()
    found = split.counted(*writers)
    truth: Counts = Counter({("", reason): count for reason, count in split.nodes.items()})
    for writer, recorder in zip(writers, recorders, strict=True):
        truth.update({(writer.namespace, reason): n for reason, n in recorder.truth.items()})
    truth = Counter({key: n for key, n in truth.items() if not key[1].endswith(_LAST)})
    assert sum(found, Counts()) == truth
    assert [a.keys() & b.keys() for n, a in enumerate(found) for b in found[n + 1 :]] == [set()]
    assert all(found)
    theirs = {"By namespaces": set(names.values()), "By kinds": set(places)}[heading]
    assert {namespace for namespace, _ in found[0]} == theirs


def test_involved_objects_without_a_namespace_are_in_default(
    cluster: Cluster, split: Split
) -> None:
    """So parts by the namespace of the object count a node's events twice, as the guide warns."""
    assert "`--events.namespace=default` beside `involvedObject.namespace!=default`" in _GUIDE
    for flags in ("--events.namespace=default", f"{_SELECTOR}involvedObject.namespace!=default"):
        split.start([flags])
    split.of_a_node()
    writer = EventWriter(cluster.admin, cluster.namespace())
    found = split.counted(writer)
    (once,) = [reason for reason in split.nodes if not reason.endswith(_LAST)]
    assert [counts["", once] for counts in found] == [1, 1]


def selected(cluster: Cluster, selector: str) -> int:
    """Status of the answer to a list of events with a field selector."""
    path = "/api/v1/events?limit=1&fieldSelector=" + urllib.parse.quote(selector)
    try:
        cluster.admin.request("GET", path)
    except ApiError as error:
        return error.status
    return 200


def test_fields_of_events(cluster: Cluster) -> None:
    """Those of the guide and none of the others, alone and together; there is no set of values."""
    listed = _GUIDE.partition("The API server takes these fields: ")[2].partition("; with")[0]
    fields = re.findall(r"`(\S+)`", listed)
    assert len(fields) == 13
    for field in fields:
        assert (field, selected(cluster, f"{field}!=a,{field}!=b,{field}=c")) == (field, 200)
    for field in ("source.host", "source.component", "count", "message", "metadata.labels"):
        assert (field, selected(cluster, f"{field}=a")) == (field, 400)
    assert selected(cluster, "metadata.namespace in (a,b)") == 400
