"""What node-problem-detector finds, and kills for want of memory."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import Observation, built_in_rules, observe

PROBLEMS = "kube_event_node_problems_total"
OOM_KILLS = "kube_event_oom_kills_total"
POD_OOM_KILLS = "kube_event_pod_oom_kills_total"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: nothing here opens a lifecycle."""
    return built_in_rules()


def _node(book: RuleBook, component: str, reason: str, **fields: object) -> list[Observation]:
    about = {"kind": "Node", "object_namespace": "", "object_name": "node-a", "field_path": ""}
    return observe(book, component=component, reason=reason, **{**about, **fields})


@pytest.mark.parametrize(
    ("monitor", "problem"),
    [
        ("kernel-monitor", "KernelOops"),
        ("kernel-monitor", "TaskHung"),
        ("kernel-monitor", "FilesystemIsReadOnly"),
        ("docker-monitor", "CorruptDockerImage"),
        ("abrt-adaptor", "VMcore"),
        ("health-checker", "KubeletUnhealthy"),
        ("systemd-monitor", "FrequentKubeletRestart"),
        ("ntp-custom-plugin-monitor", "NTPIsDown"),
        ("network-custom-plugin-monitor", "ConntrackFull"),
        ("iptables-mode-monitor", "IPTablesVersionsMismatch"),
        ("disk-monitor", "DiskBadBlock"),
        ("windows-defender-custom-plugin-monitor", "WindowsDefenderThreatsDetected"),
        pytest.param("gpu-custom-plugin-monitor", "GpuFellOffTheBus", id="somebodys-own"),
    ],
)
def test_a_warning_of_a_monitor_is_a_problem(book: RuleBook, monitor: str, problem: str) -> None:
    """Its reason is the problem's name, those of custom monitors too."""
    found = _node(book, monitor, problem)
    assert found == [Observation(PROBLEMS, (problem, monitor), None)]


@pytest.mark.parametrize("reason", ["KubeletStart", "DockerStart", "ContainerdStart"])
def test_the_start_of_a_service_is_no_problem(book: RuleBook, reason: str) -> None:
    """A log monitor sends it as a Warning all the same."""
    assert _node(book, "systemd-monitor", reason) == []


@pytest.mark.parametrize(
    ("monitor", "reason"),
    [
        ("kernel-monitor", "KernelHasNoDeadlock"),
        ("health-checker", "KubeletIsHealthy"),
        ("gpu-custom-plugin-monitor", "GpuIsThere"),
    ],
)
def test_a_condition_that_clears_is_no_problem(book: RuleBook, monitor: str, reason: str) -> None:
    """Such an event is Normal."""
    message = f"Node condition KernelDeadlock is now: False, reason: {reason}"
    assert _node(book, monitor, reason, type="Normal", message=message) == []


@pytest.mark.parametrize("kind", ["Pod", "PersistentVolume"])
def test_monitors_speak_of_nodes(book: RuleBook, kind: str) -> None:
    """What some other monitor says of other objects is something else."""
    assert _node(book, "kernel-monitor", "KernelOops", kind=kind) == []


@pytest.mark.parametrize(
    "message",
    [
        "System OOM encountered, victim process: sh, pid: 5493",
        "(combined from similar events): System OOM encountered, victim process: sh, pid: 5493",
        "System OOM encountered",
    ],
)
def test_the_kubelet_tells_of_kills_outside_of_pods(book: RuleBook, message: str) -> None:
    """A kill for want of the system's memory."""
    found = _node(book, "kubelet", "SystemOOM", message=message)
    assert found == [Observation(OOM_KILLS, ("system",), None)]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        pytest.param(
            "Memory cgroup out of memory: Killed process 1012 (java) total-vm:35956kB, "
            "anon-rss:1040kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:100kB oom_score_adj:1000",
            "container",
            id="limit-of-a-container",
        ),
        pytest.param(
            "Out of memory: Killed process 1013 (java) total-vm:35956kB, anon-rss:1040kB, "
            "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:100kB oom_score_adj:0",
            "global",
            id="the-whole-node",
        ),
        pytest.param(
            "Killed process 1014 (java) total-vm:35956kB, anon-rss:1040kB, file-rss:0kB",
            "other",
            id="old-kernel",
        ),
    ],
)
def test_the_kernels_line_says_whose_memory_ended(book: RuleBook, message: str, cause: str) -> None:
    """A kill is no problem besides, nor a second system one: the kubelet tells of that."""
    found = _node(book, "kernel-monitor", "OOMKilling", message=message)
    assert found == [Observation(OOM_KILLS, (cause,), None)]


def test_a_monitor_that_finds_the_pod_tells_its_namespace(book: RuleBook) -> None:
    """Of the pod itself, and no problem of the node besides."""
    message = "pod was OOM killed. node:node-a pod:web-0 namespace:shop uuid:0f2b6f3e"
    found = observe(book, component="kernel-monitor", reason="PodOOMKilling", message=message)
    assert found == [Observation(POD_OOM_KILLS, ("shop",), None)]
