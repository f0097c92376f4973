# SPDX-License-Identifier: Apache-2.0
"""The pages under docs/ that are made from declarations: nothing in them can drift.

`PAGES` maps each file to the function that makes its text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import yaml

from exporter.config.options import OPTIONS, Option
from exporter.kube.frames import Undecodable
from exporter.kube.telemetry import Failure, Relist
from exporter.metrics.bounds import DEFAULT_LIMIT, LIMITS, MAX_VALUE_BYTES, OVERFLOW
from exporter.metrics.declaration import Declaration
from exporter.pipeline import families
from exporter.rules.language import RuleFile
from exporter.rules.loading import built_in, load
from exporter.selfmetrics import DECLARATIONS

_DOCS = Path(__file__).resolve().parent.parent / "docs"
_CALL = re.compile(r"(?P<function>\w+)\(\$\w+\)\Z")
_OTHER = "other"  # what a cause table gives where none of its patterns is found

EXAMPLE = """\
web:
  listen-address: 0.0.0.0:10360
events:
  # only these; the exporter needs a Role in each and no ClusterRole
  namespace: [shop, payments]
  field-selector: type=Warning
  # what kube-apiserver's --event-ttl says, if that is not 1h
  ttl: 3h
series:
  limit: 20000
log:
  format: json
"""

_CONFIGURATION = f"""\
# Configuration

Every option is a flag, a variable of the environment and a key of a YAML file; a flag beats the
environment, the environment beats the file. All have defaults that suit a pod with a service
account: no configuration is a good one.

`kube-event-metrics check` takes the same options and says what works and what is missing, access
rights included.

{{options}}

`--config.file` (`KUBE_EVENT_METRICS_CONFIG_FILE`) names the file. A repeatable flag can be given
again and again; in one value, and in the environment, commas separate. In the file a key is
written with its dots or nested, and a repeatable one can be a list:

```yaml
{EXAMPLE}```

Durations are numbers with a unit, `ms`, `s`, `m`, `h` or `d`, one after the other: `90s`,
`1h30m`, `2d`; at most `3650d`. An empty variable is as good as none.

Unknown flags, keys and variables that begin with `KUBE_EVENT_METRICS_` are errors that name the
nearest known one, and end the program with exit code 2. The variables that Kubernetes sets in
every pod beside a Service of this name (`KUBE_EVENT_METRICS_SERVICE_HOST` and its like) are
passed over.

The commands:

{{commands}}

`demo` listens on `{{demo_address}}` unless it is told otherwise: it is for the person in front of
it. Of these options it takes all but `--kubeconfig` and `--context`. `replay` uses
`--events.namespace` and `--series.limit`.

Exit codes: 0, 1 for what failed, 2 for wrong usage; 130 after Ctrl-C where nothing was there yet
to end in order, and 141 where nobody reads the output any more.
"""

_METRICS = f"""\
# Metrics

What each family means, with its labels. STABLE families keep name, type and labels within a major
version; ALPHA ones can change with any version, and the changelog says so.

## Events

{{events}}

What the labels are:

| label | value |
|---|---|
| `type` | `Normal` or `Warning`, as the reporter wrote it |
| `reason`, `kind` | of the event; of the object it is about; as written |
| `namespace` | of the object the event is about; empty for objects of the cluster, such as nodes |
| `component` | `source.component`, else the reporting controller; empty where neither is there |
| `registry` | host of the image's registry; `docker.io` where the name has none |
| `cause`, `result` | one of a closed set, below |

{{closed_events}}

Values that other people choose are kept as written up to {MAX_VALUE_BYTES} bytes and up to a
number of distinct values of a label: {LIMITS["namespace"]:,} namespaces, {DEFAULT_LIMIT:,} of each
other label. What is beyond is shown as `{OVERFLOW}`, and so is every label of the one series that
takes what is beyond `--series.limit`. Both are counted below. A series without a new occurrence
for `--series.ttl` ends.

Names of pods, containers and nodes are never labels. In OpenMetrics they are exemplars.

A scraper is shown each new series of a counter or histogram at 0 first and at its value from then
on, so that `increase()` sees the first occurrence; see [counting](counting.md). Everybody else is
shown values.

## The exporter itself

{{own}}

{{closed_own}}

`scope` is the namespace that is watched, or empty for all of them.

Beside these are the process and interpreter metrics of prometheus_client, `process_*` and
`python_*`.
"""


def configuration_page() -> str:
    """docs/configuration.md."""
    # Imported here: the command line is no part of the metrics page.
    from exporter.cli import COMMANDS, DEMO_ADDRESS

    return _CONFIGURATION.format(
        options=_table(("flag", "default", "meaning"), map(_option_row, OPTIONS)),
        demo_address=DEMO_ADDRESS,
        commands=_table(("command", "what it does"), ((f"`{c}`", t) for c, t in COMMANDS.items())),
    )


def metrics_page() -> str:
    """docs/metrics.md."""
    rules = load(built_in(), time.monotonic)
    return _METRICS.format(
        events=_families((families.EVENTS, families.LAST_SEEN, *rules.declarations)),
        closed_events=_closed(_rule_values()),
        own=_families(DECLARATIONS),
        closed_own=_closed(
            {
                ("kube_event_metrics_relists_total", "cause"): list(Relist),
                ("kube_event_metrics_undecodable_total", "cause"): list(Undecodable),
                ("kube_event_metrics_watch_failures_total", "cause"): list(Failure),
            }
        ),
    )


PAGES: dict[Path, Callable[[], str]] = {
    _DOCS / "configuration.md": configuration_page,
    _DOCS / "metrics.md": metrics_page,
}


def _option_row(option: Option) -> tuple[str, str, str]:
    meaning = option.help
    if option.choices:
        meaning += f" One of {', '.join(option.choices)}."
    return (
        f"`--{option.name}` <br> `{option.environment}`",
        f"`{option.default}`" if option.default else "",
        meaning,
    )


def _families(declarations: Iterable[Declaration]) -> str:
    rows = (
        (
            f"`{d.name}`",
            d.type.value,
            ", ".join(d.labels),
            d.help + (f" Buckets: {', '.join(f'{b:g}' for b in d.buckets)}." if d.buckets else ""),
            d.stability.value,
        )
        for d in declarations
    )
    return _table(("family", "type", "labels", "meaning", "stability"), rows)


def _closed(values: dict[tuple[str, str], list[str]]) -> str:
    rows = (
        (f"`{family}`", label, ", ".join(f"`{value}`" for value in sorted(known)))
        for (family, label), known in sorted(values.items())
    )
    return _table(("family", "label", "values"), rows)


def _rule_values() -> dict[tuple[str, str], list[str]]:
    """The values of those labels that the catalogue's rules take from closed sets only."""
    found: dict[tuple[str, str], set[str]] = {}
    open_labels: set[tuple[str, str]] = set()
    for _, text in built_in():
        file = msgspec.convert(yaml.safe_load(text), RuleFile)
        for sample in (sample for rule in file.rules for sample in rule.samples):
            for label, expression in sample.labels.items():
                key = (sample.family, label)
                call = _CALL.match(expression)
                if call and call["function"] in file.causes:
                    rows = file.causes[call["function"]]
                    last = {_OTHER} if rows[-1].pattern else set()
                    found.setdefault(key, set()).update({row.cause for row in rows} | last)
                elif "$" in expression:
                    open_labels.add(key)
                else:
                    found.setdefault(key, set()).add(expression)
    return {key: sorted(values) for key, values in found.items() if key not in open_labels}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
