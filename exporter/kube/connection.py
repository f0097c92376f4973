# SPDX-License-Identifier: Apache-2.0
"""The way to the API server: configuration, credentials, TLS, proxy.

The only user of the ``kubernetes`` package.

The ``kubernetes`` package reads kubeconfigs (contexts, client certificates, exec
plug-ins, OIDC, proxies, TLS server name) and the service account of a pod. Requests
are made with aiohttp directly, because what comes back is wanted as raw bytes.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict

from exporter.kube.children import ended_when_cancelled
from exporter.kube.kubeconfig import (
    ConnectionConfigError,
    configured,
    find_kubeconfig,
    in_cluster,
    read_kubeconfig,
)
from exporter.kube.proxies import proxy_for
from exporter.kube.request import JSON
from exporter.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from kubernetes.aio.client import Configuration

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# client-go transport: a token file is read again after at most a minute; bound tokens rotate.
_CREDENTIALS_SECONDS = 60.0
# A plug-in or an identity provider may ask a person, who may not be there.
_LOAD_SECONDS = 60.0
_CONNECT_SECONDS = 10.0
_READ_BUFFER_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class ClusterChoice:
    """Which cluster, as the user chose it. Empty texts mean: as kubectl would."""

    kubeconfig: str = ""
    context: str = ""
    service_account: Path = SERVICE_ACCOUNT


class Cluster:
    """One API server: where it is, who we are there, and a session that is kept.

    ``load`` must have succeeded once before anything is asked. Credentials are read again when
    they are older than a minute, and at once after a 401.
    """

    def __init__(
        self,
        choice: ClusterChoice,
        environ: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = ""
        self.description = ""
        """For people: ``context kind-kind``, ``service account``; never a secret."""
        self._choice = choice
        self._environ = os.environ if environ is None else environ
        self._clock = clock
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._impersonation: tuple[tuple[str, str], ...] = ()
        self._request_options: dict[str, Any] = {}
        self._session: aiohttp.ClientSession | None = None
        self._tls: tuple[object, ...] = ()
        self._loaded = float("-inf")
        self._loading = asyncio.Lock()
        self._loader: Any = None
        self._loader_of: object = None
        self._retired: aiohttp.ClientSession | None = None

    async def load(self, *, refused: bool = False) -> None:
        """Read configuration and credentials if they may have changed.

        ``refused``: the server did not accept the last ones, so nothing cached is used.
        Raises ``ConnectionConfigError``.
        """
        asked = self._clock()
        # One at a time: the watches of several namespaces share the credentials.
        async with self._loading:
            now = self._clock()
            if self._loaded > asked or (not refused and now - self._loaded < _CREDENTIALS_SECONDS):
                return
            # Until they are read again there are none that could be used.
            self._loaded = float("-inf")
            try:
                async with asyncio.timeout(_LOAD_SECONDS):
                    configuration = await self._read(refused=refused)
            except TimeoutError as error:
                raise ConnectionConfigError(
                    f"{self._where()}: no credentials in {_LOAD_SECONDS:.0f} s"
                ) from error
            await self._adopt(configuration)
            self._loaded = self._clock()

    def get(
        self, path: str, params: Mapping[str, str], accept: str = JSON
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """GET with raw bytes to come; no redirects, no time limit beyond connecting."""
        return self.request("GET", path, params=params, accept=accept)

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        params: Mapping[str, str] | None = None,
        accept: str = JSON,
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Any method, with a body of JSON where there is one; otherwise as ``get``."""
        if self._session is None:
            raise RuntimeError("Cluster asked before load()")
        headers = self._headers.copy()
        headers["Accept"] = accept
        if body:
            headers["Content-Type"] = JSON
        url, options = self.url + path, self._request_options
        return self._session.request(
            method, url, params=params, data=body or None, headers=headers, **options
        )

    async def close(self) -> None:
        """Close the connections."""
        for session in (self._session, self._retired):
            if session is not None:
                await session.close()
        self._session = self._retired = None

    def _where(self) -> str:
        return find_kubeconfig(self._choice.kubeconfig, self._environ) or "in-cluster configuration"

    async def _read(self, *, refused: bool) -> Configuration:
        from kubernetes.aio.client import Configuration  # 0.7 s: not before it is needed
        from kubernetes.aio.config import ConfigException

        configuration = Configuration()
        paths = find_kubeconfig(self._choice.kubeconfig, self._environ)
        try:
            if paths:
                await self._read_kubeconfig(paths, configuration, refused=refused)
            elif in_cluster(self._environ):
                self._read_service_account(configuration)
            else:
                raise ConnectionConfigError(
                    "no cluster: not in a pod, and neither --kubeconfig, $KUBECONFIG nor "
                    "~/.kube/config is there (try `kube-event-metrics demo`)"
                )
        except TimeoutError:
            raise
        except (ConfigException, aiohttp.ClientError, OSError, LookupError) as error:
            raise ConnectionConfigError(f"{self._where()}: {_without_values(error)}") from error
        except (ValueError, TypeError, AttributeError) as error:
            # Of a configuration that the checks let through; it must not end the process.
            raise ConnectionConfigError(f"{self._where()}: {_without_values(error)}") from error
        return configuration

    async def _read_kubeconfig(
        self, paths: str, configuration: Configuration, *, refused: bool
    ) -> None:
        from kubernetes.aio.config.kube_config import KubeConfigLoader, KubeConfigMerger

        chosen = read_kubeconfig(paths, self._choice.context)
        self.description = f"context {chosen.context}"
        self._impersonation = chosen.impersonation
        files = tuple(_identity(path) for path in paths.split(os.pathsep))
        if self._loader is not None and self._loader_of == (chosen, files) and not refused:
            # A plug-in's credentials that are still good: running it can cost seconds.
            await ended_when_cancelled(self._loader.load_and_set(configuration))
            return
        self._loader = None
        merged = KubeConfigMerger(paths).config  # type: ignore[no-untyped-call]
        if chosen.plugin:
            user = merged["users"].get_with_name(chosen.user_name)["user"]
            user["exec"].value["command"] = chosen.plugin
        loader: Any = KubeConfigLoader(  # type: ignore[no-untyped-call]
            merged, active_context=chosen.context, config_base_path=None
        )
        await ended_when_cancelled(loader.load_and_set(configuration))
        if not chosen.plugin:
            return
        if not configuration.api_key and not configuration.cert_file:
            # The package logs why, and would go on as nobody.
            raise ConnectionConfigError(
                f"{chosen.user}.exec: {chosen.plugin} gave no credentials, see the error above"
            )
        if not hasattr(loader, "exec_plugin_expiry"):
            # As client-go: good until the server refuses them.
            loader.exec_plugin_expiry = datetime.max.replace(tzinfo=UTC)
        self._loader, self._loader_of = loader, (chosen, files)

    def _read_service_account(self, configuration: Configuration) -> None:
        from kubernetes.aio.config.incluster_config import InClusterConfigLoader

        token, authority = (self._choice.service_account / n for n in ("token", "ca.crt"))
        for file in (token, authority):
            if not file.is_file():
                raise ConnectionConfigError(f"in-cluster configuration: {file}: no such file")
        loader = InClusterConfigLoader(  # type: ignore[no-untyped-call]
            token_filename=str(token), cert_filename=str(authority), environ=self._environ
        )
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
        self.description = "service account"
        self._impersonation = ()

    async def _adopt(self, configuration: Configuration) -> None:
        from kubernetes.aio.client.rest import RESTClientObject

        self.url = configuration.host.rstrip("/")
        self._headers = CIMultiDict(
            {
                "Accept": JSON,
                # A compressed list costs both sides more CPU than the wire it saves.
                "Accept-Encoding": "identity",
                "User-Agent": f"kube-event-metrics/{VERSION}",
            }
        )
        self._headers.extend(self._impersonation)
        token = configuration.api_key.get("BearerToken", "").strip()
        if not token.isprintable():
            raise ConnectionConfigError(
                f"{self._where()}: the token holds a line break or the like"
            )
        if token:
            self._headers["Authorization"] = token
        self._request_options = {"allow_redirects": False}
        proxy = configuration.proxy or proxy_for(self.url, self._environ)
        if proxy.startswith("socks"):
            raise ConnectionConfigError("$HTTPS_PROXY: SOCKS is not supported")
        if proxy:
            self._request_options["proxy"] = proxy
        if configuration.tls_server_name and self.url.startswith("https:"):
            self._request_options["server_hostname"] = configuration.tls_server_name
        tls = (
            *(_identity(p) for p in (configuration.ssl_ca_cert, configuration.cert_file)),
            _identity(configuration.key_file),
            configuration.verify_ssl,
        )
        if self._session is not None and tls == self._tls:
            return
        # Python 3.13 refuses authorities without a key identifier, as EKS' are; Go takes them.
        configuration.disable_strict_ssl_verification = True
        try:
            context = RESTClientObject(configuration).ssl_context
        except (ssl.SSLError, OSError) as error:
            raise ConnectionConfigError(f"{self._where()}: certificates: {error}") from error
        # Watches that are open go on with the old certificates to their end.
        retired, self._retired = self._retired, self._session
        self._tls = tls
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            read_bufsize=_READ_BUFFER_BYTES,
            auto_decompress=False,
        )
        if retired is not None:
            await retired.close()


def _without_values(error: Exception) -> str:
    """The message without the mappings that the package quotes in it: they can hold secrets."""
    return re.sub(r"\{.*\}", "{...}", str(error) or type(error).__name__, flags=re.DOTALL)


def _identity(path: str | None) -> tuple[object, ...]:
    """Changes when the file does: certificates are rotated in place."""
    if not path:
        return ()
    try:
        stat = Path(path).stat()
    except OSError:
        return (path,)
    return (path, stat.st_mtime_ns, stat.st_ino)


__all__ = ["SERVICE_ACCOUNT", "Cluster", "ClusterChoice", "ConnectionConfigError", "configured"]
