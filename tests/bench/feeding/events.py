"""Builds the events of the benchmark: 1.1 kB core/v1 Events in the shape real components write.

Two loads. ``cluster`` is pods living their lives (scheduled, pulled, created, started, probed,
killed), so that the exporter's rules have their usual work and pulls pair up. ``grid`` is one
synthetic reason per column and one namespace per row, to make a chosen number of label sets.
The field layout is that of a recorded Kubernetes 1.36 kubelet and scheduler.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FRAMES_PER_WRITE = 64  # 72 kB a write: big enough that the feeder's own cost is the kernel's copy

_METADATA = (
    b'{"metadata":{"name":"%(pod)b.%(nanos)016x","namespace":"%(ns)b",'
    b'"uid":"%(uid)08x-5a1e-4f0b-9c55-0123456789ab","resourceVersion":"%(rv)d",'
    b'"creationTimestamp":"%(first)b","managedFields":[{"manager":"%(manager)b",'
    b'"operation":"Update","apiVersion":"v1","time":"%(last)b","fieldsType":"FieldsV1",'
    b'"fieldsV1":{"f:count":{},"f:firstTimestamp":{},"f:involvedObject":{},"f:lastTimestamp":{},'
    b'"f:message":{},"f:reason":{},"f:reportingComponent":{},"f:reportingInstance":{},'
    b'"f:source":{"f:component":{},"f:host":{}},"f:type":{}}}]},'
    b'"involvedObject":{"kind":"Pod","namespace":"%(ns)b","name":"%(pod)b",'
    b'"uid":"%(owner)08x-39b5-4c2e-8b1d-ba9876543210","apiVersion":"v1",'
    b'"resourceVersion":"%(rv)d"%(path)b},"reason":"%(reason)b","message":"%(message)b",'
)
_COUNTED = (
    b'"source":{"component":"%(manager)b","host":"node-a"},"firstTimestamp":"%(first)b",'
    b'"lastTimestamp":"%(last)b","count":%(count)d,"type":"%(type)b","eventTime":null,'
    b'"reportingComponent":"%(manager)b","reportingInstance":"node-a"}'
)
_UNCOUNTED = (
    b'"source":{},"firstTimestamp":null,"lastTimestamp":null,"type":"%(type)b",'
    b'"eventTime":"%(micros)b","action":"Binding","reportingComponent":"%(manager)b",'
    b'"reportingInstance":"default-scheduler-control-a"}'
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of event: what it says and who says it."""

    reason: str
    message: str
    type: str = "Normal"
    manager: str = "kubelet"


_IMAGE = r"\"registry.example.org/team/web:v1.24.3\""
LIFE = (
    Shape(
        "Scheduled", "Successfully assigned %(ns)s/%(pod)s to node-a", manager="default-scheduler"
    ),
    Shape("Pulling", f"Pulling image {_IMAGE}"),
    Shape(
        "Pulled",
        f"Successfully pulled image {_IMAGE} in 1.%(part)ss (2.%(part)ss including waiting)."
        " Image size: 6101452 bytes.",
    ),
    Shape("Created", "Created container: web"),
    Shape("Started", "Started container web"),
    Shape("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "Warning"),
    Shape("Pulling", f"Pulling image {_IMAGE}"),
    Shape("Failed", f"Failed to pull image {_IMAGE}: pull QPS exceeded", "Warning"),
    Shape("Failed", "Error: ErrImagePull", "Warning"),
    Shape("BackOff", f"Back-off pulling image {_IMAGE}"),
    Shape("BackOff", "Back-off restarting failed container web in pod %(pod)s", "Warning"),
    Shape("Killing", "Stopping container web"),
)
LIFE_SERIES = len({(s.type, s.reason, s.manager) for s in LIFE})
"""Label sets of kube_events_total that one namespace of the ``cluster`` load makes."""


@dataclass(frozen=True, slots=True)
class Load:
    """Which events exist: event ``i`` is the same object each time it is asked for.

    ``born`` is the Unix time in nanoseconds of event 0; each next one is a microsecond younger.
    """

    kind: Literal["cluster", "grid"]
    namespaces: int
    reasons: int
    born: int

    @property
    def label_sets(self) -> int:
        """How many label sets of kube_events_total the load can make."""
        return self.namespaces * (LIFE_SERIES if self.kind == "cluster" else self.reasons)

    def repeatable(self, i: int) -> bool:
        """Whether event ``i`` carries a count; the scheduler's do not."""
        return self.kind == "grid" or i % len(LIFE) != 0

    def item(self, i: int, count: int, rv: int) -> bytes:
        """Event ``i`` at its ``count``-th occurrence, as an item of a LIST."""
        owner, step = divmod(i, len(LIFE)) if self.kind == "cluster" else (i, 0)
        row = owner % self.namespaces
        column = i // self.namespaces % self.reasons
        shape = (
            LIFE[step]
            if self.kind == "cluster"
            else Shape(
                f"Reason{column:03d}", "A made-up event of the benchmark, for its label set."
            )
        )
        names = {
            "ns": f"team-{row:04d}",
            "pod": f"web-5b96d884c6-{owner:07x}",
            "part": f"{owner * 7919 % 10**9:09d}",
        }
        nanos = self.born + i * 1000
        first = _second(nanos)
        last = _second(nanos + (count - 1) * (10**6 if self.kind == "cluster" else 10**9))
        spec = ',"fieldPath":"spec.containers{web}"' if shape.manager == "kubelet" else ""
        template = _METADATA + (_COUNTED if shape.manager == "kubelet" else _UNCOUNTED)
        return template % {
            b"ns": names["ns"].encode(),
            b"pod": names["pod"].encode(),
            b"nanos": nanos,
            b"uid": i,
            b"owner": owner,
            b"rv": rv,
            b"first": first,
            b"last": last,
            b"micros": first[:-1] + b".%06dZ" % (nanos // 1000 % 1_000_000),
            b"manager": shape.manager.encode(),
            b"path": spec.encode(),
            b"reason": shape.reason.encode(),
            b"message": (shape.message % names).encode(),
            b"type": shape.type.encode(),
            b"count": count,
        }

    def frame(self, i: int, count: int, rv: int) -> bytes:
        """The same as one line of a watch."""
        return b'{"type":"%b","object":{"kind":"Event","apiVersion":"v1",%b}\n' % (
            b"ADDED" if count == 1 else b"MODIFIED",
            self.item(i, count, rv)[1:],
        )

    def chunk(self, i: int, count: int, rv: int) -> bytes:
        """The same as one HTTP chunk."""
        return chunked(self.frame(i, count, rv))


def grid_of_marks(marks: int) -> Load:
    """Events ``Reason000``, ``Reason001`` and so on: each can be told on a page."""
    return Load("grid", 1, marks, time.time_ns())


def chunked(frame: bytes) -> bytes:
    """One HTTP/1.1 chunk that holds exactly this frame, as kube-apiserver flushes them."""
    return b"%x\r\n%b\r\n" % (len(frame), frame)


_seconds: dict[int, bytes] = {}


def _second(nanos: int) -> bytes:
    """RFC 3339 with one second of precision, as metav1.Time is written."""
    second = nanos // 1_000_000_000
    if second not in _seconds:
        _seconds[second] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second)).encode()
    return _seconds[second]


def mixed(load: Load, n: int, repeats: float, start: int = 0) -> Iterator[tuple[int, int]]:
    """``n`` frames as (event, count): new events from ``start`` on, and a share of repeats.

    A repeat is any event sent before, drawn at random: harsher on caches than real life, where
    mostly the newest repeat. Every frame is exactly one occurrence.
    """
    dice = random.Random(n)
    counts: dict[int, int] = {}
    fresh = start
    for _ in range(n):
        if fresh > start and dice.random() < repeats:
            i = dice.randrange(start, fresh)
            if not load.repeatable(i) and i + 1 < fresh:
                i += 1  # keeps the share of repeats; the next one always has a count
            if load.repeatable(i):
                counts[i] = counts.get(i, 1) + 1
                yield i, counts[i]
                continue
        yield fresh, 1
        fresh += 1


def again(
    load: Load, n: int, first: int, last: int, counts: dict[int, int]
) -> Iterator[tuple[int, int]]:
    """``n`` repeats, drawn at random, of events ``first`` to ``last`` that were all sent once.

    ``counts`` are those of the repeats so far, and are kept up to date.
    """
    dice = random.Random(n)
    while n:
        i = dice.randrange(first, last)
        if load.repeatable(i):
            counts[i] = counts.get(i, 1) + 1
            yield i, counts[i]
            n -= 1
