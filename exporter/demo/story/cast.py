# SPDX-License-Identifier: Apache-2.0
"""Who plays in the story: nodes, the namespaces' workloads, the images they run, and some texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Image:
    """An image: `size` in bytes, `pull` the seconds its pull takes, `queue` those it may wait."""

    name: str
    size: int
    pull: float
    queue: float = 0.0


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that has pods: a Deployment, a DaemonSet, a Job or a CronJob."""

    namespace: str
    name: str
    container: str
    image: Image
    replicas: int


NODES = ("worker-1", "worker-2", "worker-3", "worker-4", "worker-5")

_MIB = 1 << 20
_MAIN, _SLOW = "registry.example.com", "mirror.example.net"

WEB = Workload("shop", "web", "web", Image(f"{_MAIN}/shop/web:v2.0.1", 41 * _MIB, 1.1), 3)
CART = Workload("shop", "cart", "cart", Image(f"{_MAIN}/shop/cart:v2.0.1", 67 * _MIB, 1.7), 2)
CHECKOUT = Workload(
    "shop", "checkout", "checkout", Image(f"{_MAIN}/shop/checkout:v2.0.1", 88 * _MIB, 2.2), 2
)
API = Workload("payments", "api", "api", Image(f"{_MAIN}/payments/api:v2.0.1", 73 * _MIB, 1.9), 3)
BOOKING = Workload(
    "payments", "booking", "worker", Image(f"{_MAIN}/payments/booking:v2.0.1", 59 * _MIB, 1.4), 2
)
QUERY = Workload(
    "search", "query", "query", Image(f"{_MAIN}/search/query:v2.0.1", 312 * _MIB, 6.5), 3
)
TRANSCODER = Workload(
    "media",
    "transcoder",
    "ffmpeg",
    Image(f"{_SLOW}/media/transcoder:v2.0.1", 1430 * _MIB, 48.0, queue=55.0),
    2,
)
THUMBNAILER = Workload(
    "media",
    "thumbnailer",
    "main",
    Image(f"{_SLOW}/media/thumbnailer:v2.0.1", 230 * _MIB, 15.0, queue=15.0),
    2,
)
GREEDY = Workload("sandbox", "greedy", "main", Image(f"{_MAIN}/tools/busy:v1", 4 * _MIB, 0.4), 2)
AGENT = Workload(
    "monitoring", "node-agent", "agent", Image(f"{_MAIN}/infra/agent:v1.9.0", 24 * _MIB, 0.9), 5
)
REINDEX = Workload(
    "search", "reindex", "main", Image(f"{_MAIN}/search/reindex:v2.0.1", 210 * _MIB, 4.4), 6
)
TICK = Workload("batch", "tick", "main", Image(f"{_MAIN}/tools/tick:v1", 4 * _MIB, 0.4), 1)
REPORT = Workload("batch", "report", "main", Image(f"{_MAIN}/batch/report:v3", 96 * _MIB, 2.6), 1)

DEPLOYMENTS = (WEB, CART, CHECKOUT, API, BOOKING, QUERY, TRANSCODER, THUMBNAILER)
ROLLED = (WEB, CART, API, QUERY)  # those that get new versions without trouble


def pull_errors(image: str) -> tuple[str, ...]:
    """Why a pull of `image` may fail, in containerd's words as a current kubelet passes them on."""
    name = image.rpartition(":")[0]
    host, _, path = name.partition("/")
    url = f"https://{host}/v2/{path}/manifests/{image.rpartition(':')[2]}"
    unpack = f'failed to pull and unpack image "{image}": failed to resolve'
    return (
        f"rpc error: code = NotFound desc = {unpack} image: {image}: not found",
        f"{unpack} image: unexpected status from HEAD request to {url}: 403 Forbidden",
        f"{unpack} image: unexpected status from HEAD request to {url}: 429 Too Many Requests",
        (
            f'{unpack} image: failed to do request: Head "{url}": dial tcp 198.51.100.7:443:'
            " i/o timeout"
        ),
        (
            f"{unpack} image: pull access denied, repository does not exist or may require"
            " authorization: authorization failed: no basic auth credentials"
        ),
    )


NO_ROOM = (
    (
        "0/5 nodes are available: 3 Insufficient cpu, 2 Insufficient memory. no new claims to"
        " deallocate, preemption: 0/5 nodes are available: 5 No preemption victims found for"
        " incoming pod."
    ),
    (
        "0/5 nodes are available: 1 node(s) had untolerated taint(s), 4 Insufficient cpu. no new"
        " claims to deallocate, preemption: 0/5 nodes are available: 1 Preemption is not helpful"
        " for scheduling, 4 No preemption victims found for incoming pod."
    ),
)
