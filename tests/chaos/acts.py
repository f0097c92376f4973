"""Things that occur, again and again if need be: what kubelets and controllers write of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count, cycle

from exporter.demo import LegacyRecorder, ObjectRef
from exporter.demo.recorders import NameSource
from tests.chaos.cast import CREATE_ERRORS, DURATIONS, NODES, PULL_ERRORS, REGISTRIES
from tests.chaos.objects import Objects
from tests.chaos.store import TalliedStore
from tests.chaos.truth import Truth

Act = Callable[[float], object]
"""Something occurs at a moment, Unix seconds; called again, it is a repeat."""

NORMAL, WARNING = "Normal", "Warning"


class Acts:
    """Makes acts about new objects, and tells the truth of each occurrence of them.

    A repeat says what the first said: so it is clear what a count stands for that jumped.
    ``limited``: some are by a recorder that has few tokens.
    """

    def __init__(
        self,
        store: TalliedStore,
        rng: random.Random,
        truth: Truth,
        objects: Objects,
        names: NameSource,
        *,
        limited: bool,
    ) -> None:
        self._limited = limited
        self._rng = rng
        self._truth = truth
        self._objects = objects
        self._kubelets = [
            LegacyRecorder(
                store, "kubelet", host=n, spam_filter=False, truth=truth.recorded, names=names
            )
            for n in NODES
        ]
        self._controller = LegacyRecorder(
            store, "replicaset-controller", burst=1, refill=0.5, truth=truth.recorded, names=names
        )

    def any(self) -> Act:
        """Of all kinds."""
        kinds: tuple[Callable[[], Act], ...] = (
            self.pull,
            self.failed_pull,
            self.back_off,
            self._refused_pods,
            self._probe,
            self._node,
        )
        refusals = 15 if self._limited else 0
        (kind,) = self._rng.choices(kinds, (30, 20, 20, refusals, 10, 5))
        return kind()

    def plain(self) -> Act:
        """Of those kinds whose every occurrence is written at once."""
        return self._rng.choice((self.pull, self.failed_pull, self.back_off))()

    def pull(self) -> Act:
        """An image is pulled; the message says how long it took, in one of two spellings."""
        kubelet, pod = self._kubelet(), self._objects.pod()
        registry = self._objects.registry(pod.namespace)
        text, seconds = self._rng.choice(DURATIONS)
        message = f'Successfully pulled image "{registry}/team/app:v1" in {text}'
        if registry == REGISTRIES[0]:
            message += f" ({text} including waiting). Image size: 7340032 bytes."

        def act(now: float) -> None:
            times = kubelet.record(now, pod, NORMAL, "Pulled", message)
            self._truth.pulled(pod.namespace, registry, seconds, times)

        return act

    def failed_pull(self) -> Act:
        """An image cannot be pulled; the message says why."""
        kubelet, pod = self._kubelet(), self._objects.pod()
        registry = self._objects.registry(pod.namespace)
        error, cause = self._rng.choice(PULL_ERRORS)
        message = f'Failed to pull image "{registry}/team/app:v2": {error}'

        def act(now: float) -> None:
            times = kubelet.record(now, pod, WARNING, "Failed", message)
            self._truth.pull_failed(pod.namespace, registry, cause, times)

        return act

    def back_off(self) -> Act:
        """No figure is fed by it that is compared."""
        kubelet, pod = self._kubelet(), self._objects.pod()
        message = "Back-off restarting failed container"
        return lambda now: kubelet.record(now, pod, WARNING, "BackOff", message)

    def _refused_pods(self) -> Act:
        """Two errors of one ReplicaSet, which share its tokens: counts jump, and the second
        error's event is born with one.
        """
        owner = self._objects.replica_set()
        errors = cycle(self._rng.sample(CREATE_ERRORS, 2))

        def act(now: float) -> None:
            for _ in range(3):
                error, cause = next(errors)
                message = f"Error creating: {error}"
                times = self._controller.record(now, owner, WARNING, "FailedCreate", message)
                self._truth.not_created(owner.namespace, cause, "FailedCreate", times)

        return act

    def _probe(self) -> Act:
        """Its message is another each time, and the tenth makes an aggregate."""
        kubelet, pod, tries = self._kubelet(), self._objects.pod(), count()

        def act(now: float) -> None:
            for _ in range(3):
                message = f"Readiness probe failed: try {next(tries)}"
                kubelet.record(now, pod, WARNING, "Unhealthy", message)

        return act

    def _node(self) -> Act:
        """Its object has no namespace."""
        kubelet, name = self._kubelet(), self._rng.choice(NODES)
        node = ObjectRef("Node", name, uid=name)
        reason = self._rng.choice(("NodeHasDiskPressure", "NodeHasNoDiskPressure", "NodeReady"))
        return lambda now: kubelet.record(now, node, NORMAL, reason, f"{name}: {reason}")

    def _kubelet(self) -> LegacyRecorder:
        return self._rng.choice(self._kubelets)
