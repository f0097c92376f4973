"""A pod whose image does not exist, in a cluster where time runs faster."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from tests.integration.background_cluster import BackgroundCluster

_FIRST_BACK_OFF, _LAST_BACK_OFF = 10.0, 300.0


class BadImage:
    """Use as ``with``: the kubelet fails to pull `image` until the pod is deleted, at its end.

    It tries as a kubelet does, after 10 s, 20 s and so on up to 5 min, all divided by `factor`.
    """

    def __init__(
        self, cluster: BackgroundCluster, image: str, *, namespace: str, pod: str, factor: int
    ) -> None:
        self._cluster = cluster
        self._image = image
        self._namespace = namespace
        self._pod = pod
        self._factor = factor
        self._deleted = threading.Event()
        self._kubelet = threading.Thread(target=self._try_again, daemon=True)
        self.since = 0.0
        """When the first failure was recorded, on the monotonic clock."""

    def __enter__(self) -> Self:
        self._fail()
        self.since = time.monotonic()
        self._kubelet.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._deleted.set()
        self._kubelet.join()

    def _try_again(self) -> None:
        back_off = _FIRST_BACK_OFF
        while not self._deleted.wait(back_off / self._factor):
            self._fail()
            back_off = min(2 * back_off, _LAST_BACK_OFF)

    def _fail(self) -> None:
        error = (
            f'rpc error: code = NotFound desc = failed to pull and unpack image "{self._image}":'
            f' failed to resolve reference "{self._image}": {self._image}: not found'
        )
        for message in (f'Failed to pull image "{self._image}": {error}', "Error: ErrImagePull"):
            self._cluster.record(
                "Failed", pod=self._pod, namespace=self._namespace, message=message
            )
