# SPDX-License-Identifier: Apache-2.0
"""``check``: are configuration and rules usable, does the API server answer, may we work?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import aiohttp

from exporter.commands.check_files import check_audit, check_checkpoint, check_web
from exporter.commands.rule_files import examine
from exporter.config import Config
from exporter.election import LeasePlace, lease_place
from exporter.election.lease import GROUP
from exporter.election.request import Verb
from exporter.events import EventObject
from exporter.kube.connection import Cluster, ClusterChoice, ConnectionConfigError
from exporter.kube.frames import FrameReader
from exporter.reviewing import QUESTIONS
from exporter.workloads import FOLLOWED

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_VERBS = ("list", "watch")
_TIMEOUT_SECONDS = 20.0
_READER = FrameReader(EventObject)


def check(config: Config) -> int:
    """Print what was found, a line a finding; 1 where something is missing."""
    usable = _rules(config) & check_checkpoint(config) & check_audit(config) & check_web(config)
    watchable = not config.needs_cluster or asyncio.run(_check(config)) == 0
    return 0 if watchable and usable else 1


def _rules(config: Config) -> bool:
    examined = examine(config.rule_files)
    for finding in examined.findings:
        print(f"{'FAIL' if finding.fatal else 'warn'}  rules: {finding}")
    for name, does in examined.usable.items():
        print(f"ok    rules: {name}, {does}")
    return not examined.failed


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
    if status >= 500:
        print(f"FAIL  connection: {cluster.url} answers HTTP {status}{_said(body)}")
        return 1
    version = _json(body).get("gitVersion") if status == 200 else None
    print(f"ok    connection: API server {version or f'answers HTTP {status}'}")
    fine = True
    for namespace in () if config.audit_only else config.namespaces or ("",):
        allowed = [await _allowed(cluster, verb, namespace) for verb in _VERBS]
        # Where we may not list, that is told already.
        listed = not allowed[0] or await _lists(cluster, namespace, config.field_selector)
        fine = fine and all(allowed) and listed
        for resource in FOLLOWED if config.workload_labels else ():
            for verb in _VERBS:
                fine &= await _allowed(cluster, verb, namespace, resource.group, resource.plural)
    if config.leader_election:
        fine &= await _elects(cluster, lease_place(config))
    if config.web_auth_kubernetes:
        for group, plural in QUESTIONS:
            fine &= await _allowed(
                cluster, "create", "", group, plural, verbs=("create",), where="in the cluster"
            )
    return 0 if fine else 1


async def _elects(cluster: Cluster, place: LeasePlace) -> bool:
    """Whether we may do with the Lease what an election needs."""
    fine = True
    for verb in (Verb.GET, Verb.CREATE, Verb.UPDATE):
        # A Role can limit all but create to one name.
        name = "" if verb is Verb.CREATE else place.name
        fine &= await _allowed(
            cluster, verb, place.namespace, GROUP, "leases", verbs=tuple(Verb), name=name
        )
    return fine


async def _allowed(
    cluster: Cluster,
    verb: str,
    namespace: str,
    group: str = "",
    resource: str = "events",
    *,
    verbs: Sequence[str] = _VERBS,
    name: str = "",
    where: str = "",
) -> bool:
    attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
    if name:
        attributes["name"] = name
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    async with cluster.request("POST", _REVIEWS, json.dumps(review).encode()) as response:
        status, body = response.status, await response.read()
    where = where or _where(namespace)
    if status not in (200, 201):
        print(f"FAIL  rights: cannot ask whether we may {verb} {resource} {where}: HTTP {status}")
        return False
    answer = _json(body).get("status")
    if not isinstance(answer, dict):
        print(f"FAIL  rights: no answer to whether we may {verb} {resource} {where}")
        return False
    if answer.get("allowed") is True:
        print(f"ok    rights: may {verb} {resource} {where}")
        return True
    role = f"a Role in namespace {namespace}" if namespace else "a ClusterRole"
    print(
        f"FAIL  rights: may not {verb} {resource} {where}: give our user {role} with "
        f'apiGroups ["{group}"], resources ["{resource}"], verbs {json.dumps(verbs)}'
    )
    return False


async def _lists(cluster: Cluster, namespace: str, selector: str) -> bool:
    """Whether a list of one event comes back as a list; nothing is printed if it does."""
    path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
    params = {"limit": "1", **({"fieldSelector": selector} if selector else {})}
    async with cluster.get(path, params) as response:
        status, body = response.status, await response.read()
    if status == 400 and selector:
        said = _json(body).get("message") or "refused (400)"
        print(f"FAIL  events.field-selector: {said} ({_where(namespace)})")
        return False
    if status != 200:
        print(f"FAIL  list: events {_where(namespace)}: HTTP {status}{_said(body)}")
        return False
    page = _READER.page(body)
    if page is None or not page.resource_version:
        print(f"FAIL  list: events {_where(namespace)}: the answer is not a list")
        return False
    return True


def _where(namespace: str) -> str:
    return f"in namespace {namespace}" if namespace else "in all namespaces"


def _said(body: bytes) -> str:
    """The server's own words, to be put behind a message."""
    message = _json(body).get("message")
    return f": {message}" if message else ""


def _json(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
