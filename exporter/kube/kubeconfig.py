# SPDX-License-Identifier: Apache-2.0
"""Which kubeconfig, which context, and whether it can be used: checked before it is loaded.

The ``kubernetes`` package loads kubeconfigs but says little of what is wrong with one,
and its messages can hold the secrets that stand beside the mistake. Here every message
names the file and the key, and never a value that could be a secret.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import yaml

from exporter.config.options import BY_NAME, FILE_VARIABLE

# Where a person names a cluster, or a file that does; see `configured`.
_NAMING = (BY_NAME["kubeconfig"].environment, BY_NAME["context"].environment, FILE_VARIABLE)


class ConnectionConfigError(Exception):
    """The cluster cannot be asked as configured; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """A usable kubeconfig: its path(s), the context that is meant, and where its user stands."""

    paths: str
    context: str
    user: str
    """``FILE: users[NAME].user``, for messages."""
    user_name: str = ""
    plugin: str = ""
    """The command of the user's exec plug-in, ``""`` where there is none."""
    impersonation: tuple[tuple[str, str], ...] = ()
    """The headers that say as whom we act (``as`` and its like)."""


def find_kubeconfig(explicit: str, environ: Mapping[str, str]) -> str:
    """The kubeconfig path(s) to read, in kubectl's order; ``""`` where there is none."""
    if explicit:
        return explicit
    if environ.get("KUBECONFIG"):
        return environ["KUBECONFIG"]
    if not environ.get("HOME"):
        return ""
    path = Path(environ["HOME"]) / ".kube" / "config"
    return str(path) if _is_there(path) else ""


def in_cluster(environ: Mapping[str, str]) -> bool:
    """Whether this process runs in a pod: the kubelet sets this for every container."""
    return bool(environ.get("KUBERNETES_SERVICE_HOST"))


def configured(environ: Mapping[str, str]) -> bool:
    """Whether there is a cluster to go by: one that is named, the pod's own, or kubectl's.

    One that is named and broken counts: to say what is wrong with it is better than to do
    something else. kubectl's file counts unless it holds no context at all.
    """
    if in_cluster(environ) or any(environ.get(name) for name in (*_NAMING, "KUBECONFIG")):
        return True
    path = find_kubeconfig("", environ)
    if not path:
        return False
    try:
        document = _load(Path(path))
    except ConnectionConfigError:
        return True
    if isinstance(document, dict):
        return bool(document.get("current-context") or document.get("contexts"))
    return document is not None


def read_kubeconfig(paths: str, context: str) -> Kubeconfig:
    """Check what ``context`` (``""``: the current one) leads to.

    Several files are joined as kubectl does: whatever is said first counts. Raises
    ``ConnectionConfigError``.
    """
    files = [_read(path) for path in _present(paths)]
    if not files:
        raise ConnectionConfigError(f"{paths}: no such file")
    chosen = context or next(filter(None, (f.text("current-context") for f in files)), "")
    if not chosen:
        names = ", ".join(_names(files, "contexts")) or "none"
        raise ConnectionConfigError(f"{paths}: current-context: not set; contexts here: {names}")
    meant = _entry(files, "contexts", chosen, paths).mapping("context")
    cluster = meant.text("cluster") or meant.fail("cluster", "missing")
    asked = _entry(files, "clusters", cluster, meant.at("cluster")).mapping("cluster")
    _check_cluster(asked)
    name = meant.text("user")
    if not name:
        if asked.text("server").startswith("https:"):
            meant.fail("user", "missing, and https is for somebody")
        return Kubeconfig(paths, chosen, meant.at("user"))
    user = _entry(files, "users", name, meant.at("user")).mapping("user")
    _check_user(user)
    plugin = _plugin(user) if user.has("exec") else ""
    return Kubeconfig(paths, chosen, user.where, name, plugin, _impersonation(user))


@dataclass(frozen=True, slots=True)
class _Node:
    """A mapping of a kubeconfig, and where it stands."""

    value: Mapping[object, Any]
    file: Path
    where: str

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def at(self, key: str) -> str:
        return f"{self.where}{key}" if self.where.endswith(" ") else f"{self.where}.{key}"

    def fail(self, key: str, why: str) -> NoReturn:
        raise ConnectionConfigError(f"{self.at(key)}: {why}")

    def text(self, key: str) -> str:
        value = self.value.get(key) or ""
        if not isinstance(value, str):
            self.fail(key, "must be a text")
        return value

    def mapping(self, key: str) -> _Node:
        value = self.value.get(key)
        if value is None:
            self.fail(key, "missing")
        if not isinstance(value, dict):
            self.fail(key, "must be a mapping")
        return _Node(value, self.file, self.at(key))

    def entries(self, key: str) -> Iterator[_Node]:
        """The mappings of a list, each at the place of its name."""
        value = self.value.get(key) or []
        if not isinstance(value, list):
            self.fail(key, "must be a list")
        for number, entry in enumerate(value):
            if not isinstance(entry, dict):
                self.fail(f"{key}[{number}]", "must be a mapping")
            name = entry.get("name")
            if not name or not isinstance(name, str):
                self.fail(f"{key}[{number}].name", "missing")
            yield _Node(entry, self.file, self.at(f"{key}[{name}]"))


def _present(paths: str) -> Iterator[Path]:
    """The paths that are there; kubectl passes over the others."""
    for text in filter(None, paths.split(os.pathsep)):
        path = Path(text)
        with contextlib.suppress(RuntimeError):  # nobody knows where home is
            path = path.expanduser()
        if _is_there(path):
            yield path


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return True  # to read it will tell what is wrong


def _load(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_bytes())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        # The problem is told in the parser's words; the context could quote the file.
        raise ConnectionConfigError(f"{path}: {line}not YAML: {error.problem}") from None
    except yaml.YAMLError:
        raise ConnectionConfigError(f"{path}: not YAML") from None
    except RecursionError:
        raise ConnectionConfigError(f"{path}: is nested too deeply") from None
    except (ValueError, OverflowError, LookupError, AttributeError):
        # Such as 2024-13-45; which value it is could be a secret.
        raise ConnectionConfigError(f"{path}: holds a value that cannot be read") from None
    except OSError as error:
        raise ConnectionConfigError(f"{path}: {error.strerror}") from error


def _read(path: Path) -> _Node:
    document = _load(path)
    if not isinstance(document, dict):
        raise ConnectionConfigError(f"{path}: is no kubeconfig: it must be a mapping")
    return _Node(document, path, f"{path}: ")


def _names(files: list[_Node], kind: str) -> list[str]:
    return [entry.text("name") for file in files for entry in file.entries(kind)]


def _entry(files: list[_Node], kind: str, name: str, where: str) -> _Node:
    found = next((e for file in files for e in file.entries(kind) if e.value["name"] == name), None)
    if found is None:
        there = ", ".join(_names(files, kind)) or "none"
        raise ConnectionConfigError(f"{where}: no {name!r} in {kind}; there: {there}")
    return found


def _check_cluster(cluster: _Node) -> None:
    _check_url(cluster, "server")
    if cluster.has("proxy-url"):
        _check_url(cluster, "proxy-url", may_log_in=True)
    _check_file_or_data(cluster, "certificate-authority")


def _check_user(user: _Node) -> None:
    for key in ("token", "tokenFile", "username", "password"):
        user.text(key)
    if user.has("tokenFile"):
        _check_file(user, "tokenFile")
    certificate, key = "client-certificate", "client-key"
    for part in (certificate, key):
        _check_file_or_data(user, part)
    if _given(user, certificate) and not _given(user, key):
        user.fail(key, "missing")
    if user.has("exec"):
        plugin = user.mapping("exec")
        for part in ("command", "apiVersion"):
            if not plugin.text(part):
                plugin.fail(part, "missing")
        for variable in plugin.entries("env"):
            if not isinstance(variable.value.get("value"), str):
                variable.fail("value", "must be a text")


def _plugin(user: _Node) -> str:
    """Its command: with a slash in it, it is relative to its kubeconfig, as for client-go."""
    command = user.mapping("exec").text("command")
    return str(user.file.parent.absolute() / command) if "/" in command else command


def _impersonation(user: _Node) -> tuple[tuple[str, str], ...]:
    """The headers for ``as``, ``as-uid`` and ``as-groups``: the package knows none of them."""
    if user.has("as-user-extra"):
        user.fail("as-user-extra", "is not supported")
    groups = user.value.get("as-groups") or []
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        user.fail("as-groups", "must be a list of texts")
    found = {"as": [user.text("as")], "as-uid": [user.text("as-uid")], "as-groups": groups}
    headers = {"as": "User", "as-uid": "Uid", "as-groups": "Group"}
    for key, values in found.items():
        if any(values) and not found["as"][0]:
            user.fail(key, "means nothing without as")
        if not all(value.isprintable() for value in values):
            user.fail(key, "must be printable")
    return tuple(
        (f"Impersonate-{headers[k]}", v) for k, values in found.items() for v in values if v
    )


def _given(node: _Node, key: str) -> bool:
    return node.has(key) or node.has(f"{key}-data")


def _check_file_or_data(node: _Node, key: str) -> None:
    if node.has(f"{key}-data"):
        try:
            base64.b64decode(node.text(f"{key}-data"))
        except (binascii.Error, ValueError):
            node.fail(f"{key}-data", "is not base64")
    elif node.has(key):
        _check_file(node, key)


def _check_file(node: _Node, key: str) -> None:
    path = node.file.parent / node.text(key)
    if not path.is_file():
        node.fail(key, f"{path}: no such file")


def _check_url(node: _Node, key: str, *, may_log_in: bool = False) -> None:
    text = node.text(key)
    if not text:
        node.fail(key, "missing")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        node.fail(key, "is no URL")
    if parts.scheme.startswith("socks"):
        node.fail(key, "SOCKS is not supported")
    if not usable:
        node.fail(key, "must begin with http:// or https:// and name a host")
    if parts.username is not None and not may_log_in:
        node.fail(key, "must not hold a user or a password")
