# SPDX-License-Identifier: Apache-2.0
"""The cluster that the story plays in: its pods, pulled images, and a recorder per component.

No time passes here by itself: the stage moves `now`. All chance comes from one random.Random.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field, replace

from exporter.demo.recorders import (
    GroundTruth,
    LegacyRecorder,
    NameSource,
    ObjectRef,
    SeriesRecorder,
)
from exporter.demo.store import EventStore
from exporter.demo.story.cast import NODES, Image, Workload

NORMAL, WARNING = "Normal", "Warning"

_CONTROLLER = {
    "ReplicaSet": "replicaset-controller",
    "DaemonSet": "daemonset-controller",
    "Job": "job-controller",
}
# The letters and digits of generated names: no vowels, so that no words come out.
_SAFE = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod on its node ("" until it is scheduled), and the container that events speak of."""

    ref: ObjectRef
    container: str
    image: Image
    node: str = ""

    @property
    def container_ref(self) -> ObjectRef:
        """The reference of the kubelet's events about the container."""
        return replace(self.ref, field_path=f"spec.containers{{{self.container}}}")


@dataclass(slots=True)
class Cluster:
    """The parts of a cluster that write events.

    `now` is the time of whatever happens next, in seconds since 1970; it begins as the time when
    the components started. `pods` are those that run, per namespace and workload; `images` what
    each node has pulled.
    """

    store: EventStore
    rng: random.Random
    now: float
    truth: GroundTruth = field(default_factory=GroundTruth)
    pods: dict[tuple[str, str], list[Pod]] = field(default_factory=dict)
    images: set[tuple[str, str]] = field(default_factory=set)
    not_ready: set[str] = field(default_factory=set)
    scheduler: SeriesRecorder = field(init=False)
    _names: NameSource = field(default_factory=NameSource)
    _recorders: dict[tuple[str, str], LegacyRecorder] = field(default_factory=dict)
    _uids: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scheduler = SeriesRecorder(
            self.store,
            "default-scheduler",
            started=self.now,
            instance="default-scheduler-control-1",
            truth=self.truth,
            names=self._names,
        )

    def uid(self) -> str:
        """A uid for something new."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def suffix(self, length: int = 5) -> str:
        """The random end of a generated name."""
        return "".join(self.rng.choices(_SAFE, k=length))

    def owner(
        self, kind: str, namespace: str, name: str, api_version: str = "apps/v1"
    ) -> ObjectRef:
        """A reference to an object that stays: the same uid whenever it is asked for."""
        uid = self._uids.setdefault((kind, namespace, name), self.uid())
        version = str(self.store.revision)
        return ObjectRef(kind, name, namespace, uid, api_version, version)

    def forget(self, ref: ObjectRef) -> None:
        """An owner is gone: a later one of its name is another object."""
        self._uids.pop((ref.kind, ref.namespace, ref.name), None)

    def pod(self, owner: ObjectRef, workload: Workload) -> Pod:
        """A new pod of `owner`, which its controller reports; it is not yet scheduled."""
        ref = ObjectRef(
            "Pod",
            f"{owner.name}-{self.suffix()}",
            workload.namespace,
            self.uid(),
            "v1",
            str(self.store.revision),
        )
        message = f"Created pod: {ref.name}"
        self.control(_CONTROLLER[owner.kind], owner, NORMAL, "SuccessfulCreate", message)
        return Pod(ref, workload.container, workload.image)

    def control(self, component: str, ref: ObjectRef, kind: str, reason: str, message: str) -> None:
        """A controller records an event of type `kind`."""
        self._recorder(component, "").record(self.now, ref, kind, reason, message)

    def kubelet(self, node: str, ref: ObjectRef, kind: str, reason: str, message: str) -> None:
        """The kubelet of `node` records an event of type `kind`."""
        self._recorder("kubelet", node).record(self.now, ref, kind, reason, message)

    def schedule(self, pod: Pod, node: str = "") -> Pod:
        """The scheduler binds a pod to a node (any that is ready if none is given)."""
        ready = [name for name in NODES if name not in self.not_ready]
        chosen = node or self.rng.choice(ready or NODES)
        where = f"{pod.ref.namespace}/{pod.ref.name}"
        message = f"Successfully assigned {where} to {chosen}"
        self.scheduler.record(self.now, pod.ref, NORMAL, "Scheduled", message, action="Binding")
        return replace(pod, node=chosen)

    def cannot_schedule(self, pod: Pod, why: str) -> None:
        """The scheduler finds no node for a pod."""
        self.scheduler.record(
            self.now, pod.ref, WARNING, "FailedScheduling", why, action="Scheduling"
        )

    def running(self, workload: Workload) -> list[Pod]:
        """The pods of a workload; the list may be changed."""
        return self.pods.setdefault((workload.namespace, workload.name), [])

    def on_node(self, node: str) -> list[Pod]:
        """Every running pod of a node."""
        return [pod for pods in self.pods.values() for pod in pods if pod.node == node]

    def _recorder(self, component: str, host: str) -> LegacyRecorder:
        found = self._recorders.get((component, host))
        if found is None:
            found = self._recorders[component, host] = LegacyRecorder(
                self.store,
                component,
                host=host,
                manager="kubelet" if host else "kube-controller-manager",
                truth=self.truth,
                names=self._names,
            )
        return found
