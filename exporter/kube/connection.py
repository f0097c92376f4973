# SPDX-License-Identifier: Apache-2.0
"""The way to the API server: configuration, credentials, TLS, proxy.

The only user of the ``kubernetes`` package.

The ``kubernetes`` package reads kubeconfigs (contexts, client certificates, exec
plug-ins, OIDC, proxies, TLS server name) and the service account of a pod. Requests
are made with aiohttp directly, because what comes back is wanted as raw bytes.
"""

from __future__ import annotations

import os
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from exporter import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager

    from kubernetes.aio.client import Configuration

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# client-go transport: a token file is read again after at most a minute; bound tokens rotate.
_CREDENTIALS_SECONDS = 60.0
_CONNECT_SECONDS = 10.0
_READ_BUFFER_BYTES = 256 * 1024


class ConnectionConfigError(Exception):
    """The cluster cannot be asked as configured; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """Which cluster, as the user chose it. Empty texts mean: as kubectl would."""

    kubeconfig: str = ""
    context: str = ""
    service_account: Path = SERVICE_ACCOUNT


def find_kubeconfig(explicit: str, environ: Mapping[str, str]) -> str:
    """The kubeconfig path(s) to read, in kubectl's order; ``""`` where there is none."""
    if explicit:
        return explicit
    if environ.get("KUBECONFIG"):
        return environ["KUBECONFIG"]
    home = Path("~/.kube/config").expanduser()
    return str(home) if home.is_file() else ""


def in_cluster(environ: Mapping[str, str]) -> bool:
    """Whether this process runs in a pod: the kubelet sets these for every container."""
    return bool(environ.get("KUBERNETES_SERVICE_HOST"))


def configured(environ: Mapping[str, str]) -> bool:
    """Whether a cluster is at hand: a current context, or the pod's own account."""
    from kubernetes.aio.config import ConfigException, list_kube_config_contexts

    path = find_kubeconfig("", environ)
    if not path:
        return in_cluster(environ)
    try:
        _, current = list_kube_config_contexts(path)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, TypeError, AttributeError):
        return False
    return bool(current)


class Cluster:
    """One API server: where it is, who we are there, and a session that is kept.

    ``load`` must have succeeded once before ``get``. Credentials are read again when
    they are older than a minute, and at once after a 401.
    """

    def __init__(self, choice: ClusterChoice, environ: Mapping[str, str] | None = None) -> None:
        self.url = ""
        self.description = ""
        """For people: ``context kind-kind``, ``service account``; never a secret."""
        self._choice = choice
        self._environ = os.environ if environ is None else environ
        self._headers: dict[str, str] = {}
        self._request_options: dict[str, Any] = {}
        self._session: aiohttp.ClientSession | None = None
        self._tls: tuple[object, ...] = ()
        self._loaded = float("-inf")
        self._loader: Any = None

    async def load(self, *, refused: bool = False) -> None:
        """Read configuration and credentials if they may have changed.

        ``refused``: the server did not accept the last ones, so nothing cached is used.
        Raises ``ConnectionConfigError``.
        """
        now = time.monotonic()
        if not refused and now - self._loaded < _CREDENTIALS_SECONDS:
            return
        from kubernetes.aio.config import ConfigException  # 0.7 s: not before it is needed

        try:
            configuration = await self._read(refused=refused)
        except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConnectionConfigError(f"{self._where()}: {error}") from error
        except Exception as error:  # yaml's errors share no base with the others
            if type(error).__module__.partition(".")[0] != "yaml":
                raise
            raise ConnectionConfigError(f"{self._where()}: {error}") from error
        await self._adopt(configuration)
        self._loaded = now

    def get(
        self, path: str, params: Mapping[str, str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """GET with raw bytes to come; no redirects, no time limit beyond connecting."""
        if self._session is None:
            raise RuntimeError("Cluster.get() before load()")
        return self._session.get(
            self.url + path, params=params, headers=self._headers, **self._request_options
        )

    async def post(self, path: str, body: object) -> tuple[int, bytes]:
        """POST of JSON: the status and the body."""
        if self._session is None:
            raise RuntimeError("Cluster.post() before load()")
        async with self._session.post(
            self.url + path, json=body, headers=self._headers, **self._request_options
        ) as response:
            return response.status, await response.read()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _where(self) -> str:
        return find_kubeconfig(self._choice.kubeconfig, self._environ) or "in-cluster configuration"

    async def _read(self, *, refused: bool) -> Configuration:
        from kubernetes.aio.client import Configuration
        from kubernetes.aio.config import load_kube_config
        from kubernetes.aio.config.incluster_config import InClusterConfigLoader

        path = find_kubeconfig(self._choice.kubeconfig, self._environ)
        configuration = Configuration()
        if path:
            if not _some_file(path):
                raise ConnectionConfigError(f"{path}: no such file")
            if self._loader is not None and not refused and _unexpired_exec(self._loader):
                await self._loader.load_and_set(configuration)
            else:
                self._loader = await load_kube_config(  # type: ignore[no-untyped-call]
                    config_file=path,
                    context=self._choice.context or None,
                    client_configuration=configuration,
                    persist_config=False,
                )
            self.description = f"context {self._loader.current_context['name']}"
        elif in_cluster(self._environ):
            account = self._choice.service_account
            loader = InClusterConfigLoader(  # type: ignore[no-untyped-call]
                token_filename=str(account / "token"),
                cert_filename=str(account / "ca.crt"),
                environ=self._environ,
            )
            loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
            self.description = "service account"
        else:
            raise ConnectionConfigError(
                "no cluster: not in a pod, and neither --kubeconfig, $KUBECONFIG nor "
                "~/.kube/config is there (try `kube-event-metrics demo`)"
            )
        return configuration

    async def _adopt(self, configuration: Configuration) -> None:
        from kubernetes.aio.client.rest import RESTClientObject

        self.url = configuration.host.rstrip("/")
        self._headers = {
            "Accept": "application/json",
            # A compressed list costs both sides more CPU than the wire it saves.
            "Accept-Encoding": "identity",
            "User-Agent": f"kube-event-metrics/{__version__}",
        }
        token = configuration.api_key.get("BearerToken")
        if token:
            self._headers["Authorization"] = token.strip()
        if configuration.proxy and configuration.proxy.startswith("socks"):
            raise ConnectionConfigError(f"{self._where()}: proxy-url: SOCKS is not supported")
        tls = (
            *(_identity(p) for p in (configuration.ssl_ca_cert, configuration.cert_file)),
            _identity(configuration.key_file),
            configuration.verify_ssl,
        )
        self._request_options = {"allow_redirects": False}
        if configuration.proxy:
            self._request_options["proxy"] = configuration.proxy
            self._request_options["proxy_headers"] = configuration.proxy_headers
        if configuration.tls_server_name and self.url.startswith("https:"):
            self._request_options["server_hostname"] = configuration.tls_server_name
        if self._session is not None and tls == self._tls:
            return
        try:
            context = RESTClientObject(configuration).ssl_context
        except (ssl.SSLError, OSError) as error:
            raise ConnectionConfigError(f"{self._where()}: certificates: {error}") from error
        await self.close()
        self._tls = tls
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            read_bufsize=_READ_BUFFER_BYTES,
            auto_decompress=False,
            trust_env=True,
        )


def _some_file(paths: str) -> bool:
    """Whether one of the kubeconfig paths is there; kubectl passes over the others."""
    return any(Path(path).expanduser().is_file() for path in paths.split(os.pathsep) if path)


def _unexpired_exec(loader: Any) -> bool:
    """Whether an exec plug-in's credentials are still good: running it can cost seconds."""
    return hasattr(loader, "exec_plugin_expiry")


def _identity(path: str | None) -> tuple[object, ...]:
    """Changes when the file does: certificates are rotated in place."""
    if not path:
        return ()
    try:
        stat = Path(path).stat()
    except OSError:
        return (path,)
    return (path, stat.st_mtime_ns, stat.st_ino)
