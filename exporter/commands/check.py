# SPDX-License-Identifier: Apache-2.0
"""``check``: is the configuration usable, does the API server answer, may we do our work?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from exporter.config import Config
from exporter.kube.connection import Cluster, ClusterChoice, ConnectionConfigError

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_VERBS = ("list", "watch")
_TIMEOUT_SECONDS = 20.0


def check(config: Config) -> int:
    """Print what was found, a line a finding; 1 where something is missing."""
    return asyncio.run(_check(config))


async def _check(config: Config) -> int:
    cluster = Cluster(ClusterChoice(config.kubeconfig, config.context))
    try:
        await cluster.load()
        print(f"ok    configuration: {cluster.description}, {cluster.url}")
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await _ask(cluster, config)
    except ConnectionConfigError as error:
        print(f"FAIL  configuration: {error}")
    except TimeoutError:
        print(f"FAIL  connection: no answer from {cluster.url} in {_TIMEOUT_SECONDS:.0f} s")
    except (aiohttp.ClientError, OSError) as error:
        print(f"FAIL  connection: {error}")
    finally:
        await cluster.close()
    return 1


async def _ask(cluster: Cluster, config: Config) -> int:
    async with cluster.get("/version", {}) as response:
        status, body = response.status, await response.read()
    if status == 401:
        print("FAIL  credentials: the API server does not accept them (401)")
        return 1
    version = _json(body).get("gitVersion") if status == 200 else None
    print(f"ok    connection: API server {version or f'answers HTTP {status}'}")
    missing = 0
    for namespace in config.namespaces or ("",):
        for verb in _VERBS:
            missing += not await _allowed(cluster, verb, namespace)
    if config.field_selector:
        missing += not await _selector_works(cluster, config)
    return 1 if missing else 0


async def _allowed(cluster: Cluster, verb: str, namespace: str) -> bool:
    where = f"in namespace {namespace}" if namespace else "in all namespaces"
    attributes = {"verb": verb, "resource": "events", "namespace": namespace}
    status, body = await cluster.post(
        _REVIEWS,
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        },
    )
    if status not in (200, 201):
        print(f"FAIL  rights: cannot ask whether we may {verb} events {where}: HTTP {status}")
        return False
    if _json(body).get("status", {}).get("allowed"):
        print(f"ok    rights: may {verb} events {where}")
        return True
    role = f"a Role in namespace {namespace}" if namespace else "a ClusterRole"
    print(
        f"FAIL  rights: may not {verb} events {where}: give our user {role} with "
        f'apiGroups [""], resources ["events"], verbs ["list", "watch"]'
    )
    return False


async def _selector_works(cluster: Cluster, config: Config) -> bool:
    namespace = config.namespaces[0] if config.namespaces else ""
    path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
    params = {"limit": "1", "fieldSelector": config.field_selector}
    async with cluster.get(path, params) as response:
        status, body = response.status, await response.read()
    if status == 400:
        print(f"FAIL  events.field-selector: {_json(body).get('message') or 'refused (400)'}")
        return False
    return True


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
