# SPDX-License-Identifier: Apache-2.0
"""Where pods go, and whether their nodes are well."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.counting import counting, freshness
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.metrics import Counter, Gauge, Histogram
from dashboards.kit.panels import ANY_IS_BAD, bars, heat, history, lines, number
from dashboards.kit.queries import Query, occurrences, quantile_by, quantiles

_SCHEDULING = "kube_event_scheduling_failures_total"
_WAIT = "kube_event_pod_scheduling_duration_seconds"
_LIFECYCLE = "kube_event_lifecycle_duration_seconds"
_NOT_READY = 'lifecycle="node_not_ready"'
_PRESSURE = 'lifecycle=~"node_.*_pressure"'
_OPEN = Gauge("kube_event_lifecycle_open")
_CONDITIONS = Counter("kube_event_node_conditions_total")
_RED = (("green", None), ("red", 1.0))


def board() -> Board:
    """Why pods wait for a node, and how nodes are."""
    return Board(
        uids.NODES,
        "Scheduling and nodes",
        "Why do pods wait for a node, and are the nodes well? Namespace is about scheduling and"
        " evictions; what is about nodes has none.",
        [
            Row("Are nodes and scheduling well?", [*_figures()]),
            Row("Scheduling", [*_scheduling()]),
            Row("Node autoscaling", [*_autoscaling()]),
            Row("Nodes: ready and under pressure", [*_conditions()]),
            Row("Nodes: problems", [*_problems()]),
            Row("Evictions and preemptions", [*_evictions()]),
        ],
        [variables.namespace()],
    )


def _figures() -> list[models.Panel]:
    # Not the changes of the condition: node controller and kubelet can both tell of one outage.
    outages = Counter("kube_event_lifecycle_opened_total").increase(where=_NOT_READY)
    return [
        counting(),
        freshness(),
        number(
            "Nodes not ready now",
            "How many nodes are away? From NodeNotReady until NodeReady or the node's removal;"
            " kubectl get nodes names them.",
            _OPEN.sum(where=_NOT_READY),
            steps=_RED,
        ),
        number(
            "Nodes under pressure now",
            "Do nodes run out of memory, disk or process ids? They evict pods and take few new"
            " ones, or none. A node that lacks two of them counts twice.",
            _OPEN.sum(where=_PRESSURE),
            steps=_RED,
        ),
        number(
            "Outages of nodes",
            "How often did a node stop being ready in the chosen time? One outage counts once,"
            " whoever tells of it. Many, with few nodes away now, are nodes that come and go: see"
            " when, below.",
            outages.or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Scheduling failures",
            "Do pods wait for room? Attempts and causes; a pod that waits counts again and again.",
            Counter(_SCHEDULING).increase().or_no_events(),
            steps=ANY_IS_BAD,
        ),
    ]


def _scheduling() -> list[models.Panel]:
    return [
        bars(
            "Scheduling failures, by cause",
            "What do pods wait for? insufficient_*: room, add nodes or lower requests; taint,"
            " affinity and topology_spread alone mean little, as some nodes always have them;"
            " volume: the claim's zone; no_nodes: the scheduler knows of no node at all.",
            occurrences(_SCHEDULING, "cause"),
        ),
        bars(
            "Scheduling failures, by namespace (top 15)",
            "Whose pods wait? One namespace: its requests or selectors. Many: the cluster is full.",
            occurrences(_SCHEDULING, "namespace", top=15),
        ),
        heat(
            "Pods to their node",
            "How long do pods wait that could not be scheduled at once? Minutes are the node"
            " autoscaler at work, hours are nobody's.",
            Histogram(_WAIT).bars(),
        ),
        lines(
            "Pods to their node, quantiles",
            "Does waiting grow? Those that still wait are not in it: see scheduling failures.",
            *quantiles(_WAIT),
            logarithmic=True,
        ),
    ]


def _autoscaling() -> list[models.Panel]:
    return [
        bars(
            "What node autoscalers did",
            "Do nodes come and go? Up and down in turn is flapping: look at the scale-down delay.",
            occurrences("kube_event_autoscaler_actions_total", "autoscaler", "action"),
        ),
        bars(
            "What node autoscalers could not do, by cause",
            "Why do no nodes come? capacity and no_instance_type are the cloud's; limit is yours;"
            " registration_timeout: nodes start and do not join.",
            occurrences("kube_event_autoscaler_failures_total", "autoscaler", "cause"),
        ),
        bars(
            "Scale-ups refused, by cause",
            "Why does a pod that waits get no node? no_fit: it would fit on no node that could be"
            " added; limit and backoff: not now.",
            occurrences("kube_event_scale_up_refusals_total", "autoscaler", "cause"),
        ),
        bars(
            "Nodes and their agents, by change",
            "Did nodes start, reboot, come or go? rebooted without a plan is a crash.",
            occurrences("kube_event_node_lifecycle_total", "change"),
        ),
    ]


def _conditions() -> list[models.Panel]:
    away = _OPEN.sum(where=_NOT_READY)
    states = _OPEN.sum("lifecycle", where='lifecycle=~"node_.*"')
    return [
        history(
            "Changes of node conditions over time",
            "When did nodes fall ill and get well? ready unknown: the node controller heard nothing"
            " of the kubelet; ready false: the kubelet says so itself. One outage can be both.",
            Query(
                _CONDITIONS.bars("condition", "status").or_no_events(), "{{condition}} {{status}}"
            ),
            (("green", None), ("orange", 1.0), ("red", 5.0)),
        ),
        lines(
            "Nodes not ready",
            "How many are away, and for how long? Several at once are the network, a zone or a"
            " roll-out of nodes.",
            Query(away, "not ready"),
            bounds=_RED,
        ),
        lines(
            "Nodes in each state",
            "How many nodes are cordoned, under pressure or away? cordoned for long is a drain that"
            " was forgotten.",
            Query(states, "{{lifecycle}}"),
        ),
        heat(
            "Times not ready",
            "How long do nodes stay away? Short ones, again and again, are the network or a starved"
            " kubelet; long ones are broken.",
            Histogram(_LIFECYCLE).bars(_NOT_READY),
        ),
        lines(
            "Times not ready, quantiles",
            "Do nodes come back as fast as before? After five minutes, unless pods say otherwise,"
            " their pods are moved.",
            *quantiles(_LIFECYCLE, where=_NOT_READY),
            logarithmic=True,
        ),
        lines(
            "90 % of pressure within, by resource",
            "How long does pressure last? Disk that does not clear is not images but data.",
            quantile_by(0.9, _LIFECYCLE, "lifecycle", where=_PRESSURE),
            logarithmic=True,
        ),
        bars(
            "Pressure, by condition",
            "Which resource runs out, and how often? true is its begin, false its end.",
            occurrences(
                _CONDITIONS.declaration.name,
                *("condition", "status"),
                where='condition=~".*_pressure"',
            ),
        ),
    ]


def _problems() -> list[models.Panel]:
    return [
        bars(
            "Problems found by node-problem-detector",
            "What is wrong below the kubelet: kernel, disks, runtime, clock? Needs"
            " node-problem-detector. FilesystemIsReadOnly and errors of disk or memory want a new"
            " node.",
            occurrences("kube_event_node_problems_total", "problem", "component", top=15),
        ),
        bars(
            "Node failures, by cause",
            "What failed on a node or was missing there? image_gc and disk_full: the disk; dns and"
            " cidr: its configuration.",
            occurrences("kube_event_node_failures_total", "cause"),
        ),
        bars(
            "Kills for want of memory, by who saw it",
            "Does the kernel kill? container: a limit; global and system: the node itself is full."
            " global is what the kernel said and system what the kubelet saw of it: do not add"
            " them.",
            occurrences("kube_event_oom_kills_total", "cause"),
        ),
        bars(
            "Failures of the kubelet, by cause",
            "What could the kubelet not do for pods, apart from containers and volumes?"
            " network_not_ready: the CNI plug-in.",
            occurrences("kube_event_kubelet_failures_total", "cause"),
        ),
    ]


def _evictions() -> list[models.Panel]:
    return [
        bars(
            "Evictions, by cause",
            "Why do pods lose their node? memory, disk, pid: pressure; taint and node_lost: a sick"
            " node; drain, vpa and descheduler: on purpose.",
            occurrences("kube_event_evictions_total", "cause"),
        ),
        bars(
            "Evictions, by namespace (top 15)",
            "Who loses pods? Those with low priority and no requests go first.",
            occurrences("kube_event_evictions_total", "namespace", top=15),
        ),
        bars(
            "Preemptions, by who decided",
            "Who makes room for more important pods? Often: the cluster is too small for its"
            " priorities.",
            occurrences("kube_event_preemptions_total", "cause"),
        ),
        bars(
            "Disruption budget failures, by cause",
            "Are the budgets in order? One that cannot be worked out may let no pod go, and a drain"
            " waits: kubectl describe pdb. eviction_failed: the descheduler could not evict a pod.",
            occurrences("kube_event_disruption_budget_failures_total", "cause"),
        ),
    ]
