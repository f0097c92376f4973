# SPDX-License-Identifier: Apache-2.0
"""Flags before environment before file before defaults; every error names where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from exporter.config.options import (
    BY_NAME,
    ENVIRONMENT_PREFIX,
    FILE_VARIABLE,
    OPTIONS,
    Option,
)
from exporter.config.settings import Config
from exporter.config.strict_yaml import TwinError, YamlError, parse

_NO_DEFAULTS: Mapping[str, str] = MappingProxyType({})
# What Kubernetes sets in every pod beside a Service whose name begins with ours. There is also
# its _PORT, which is a URL.
_SERVICE_VARIABLE = re.compile(
    ENVIRONMENT_PREFIX
    + r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)


class ConfigError(ValueError):
    """The configuration cannot be used; the message names the place and the key."""


def load_config(
    flags: Mapping[str, str],
    environ: Mapping[str, str],
    file: str = "",
    defaults: Mapping[str, str] = _NO_DEFAULTS,
) -> Config:
    """The effective configuration.

    ``flags`` holds the options given on the command line, by name. Without ``file`` the
    environment's ``KUBE_EVENT_METRICS_CONFIG_FILE`` names it. ``defaults`` stand in for the
    options' own. Raises ``ConfigError``.
    """
    values = {
        option.name: (defaults.get(option.name, option.default), f"default of {option.name}")
        for option in OPTIONS
    }
    path = file or environ.get(FILE_VARIABLE, "")
    if path:
        values.update(_from_file(path))
    values.update(_from_environment(environ))
    values.update({name: (value, f"--{name}") for name, value in flags.items()})
    fields: dict[str, Any] = {}
    for option in OPTIONS:
        value, origin = values[option.name]
        fields.update(_parse(option, value, origin))
    config = replace(Config(), **fields)
    _check_together(config, {name: origin for name, (_, origin) in values.items()})
    return config


def _check_together(config: Config, origins: Mapping[str, str]) -> None:
    """What is right by itself must go with the rest. Raises ``ConfigError``."""
    try:
        _ = config.lease_timing
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if config.checkpoint_path and config.leader_election:
        raise ConfigError(
            f"{origins['checkpoint.path']}: not together with leader-election: "
            "there the Lease tells the next leader what to count on from"
        )
    if config.audited and config.leader_election:
        source = "audit.webhook.listen-address" if config.audit_webhook else "audit.log.path"
        raise ConfigError(
            f"{origins[source]}: not together with leader-election: audit events come to one "
            "replica and are no other's to count; run an exporter with audit.only for them"
        )
    if config.audit_only and not config.audited:
        raise ConfigError(
            f"{origins['audit.only']}: needs audit.webhook.listen-address or audit.log.path"
        )
    _check_webhook(config, origins)


def _check_webhook(config: Config, origins: Mapping[str, str]) -> None:
    files = {
        "config-file": config.audit_webhook_config_file,
        "tls-cert-file": config.audit_webhook_cert_file,
        "tls-key-file": config.audit_webhook_key_file,
        "tls-client-ca-file": config.audit_webhook_client_ca_file,
        "token-file": config.audit_webhook_token_file,
    }
    given = [f"audit.webhook.{name}" for name, value in files.items() if value]
    if given and not config.audit_webhook:
        raise ConfigError(f"{origins[given[0]]}: needs audit.webhook.listen-address")
    for name in ("tls-cert-file", "tls-key-file", "tls-client-ca-file"):
        if files["config-file"] and files[name]:
            raise ConfigError(
                f"{origins['audit.webhook.config-file']}: not together with "
                f"audit.webhook.{name}: all of TLS stands in the file"
            )
    pair = {name: files[name] for name in ("tls-cert-file", "tls-key-file")}
    for name, value in files.items():
        for other, found in pair.items():
            if value and not found and (name in pair or name == "tls-client-ca-file"):
                raise ConfigError(
                    f"{origins['audit.webhook.' + name]}: needs audit.webhook.{other}"
                )


def _parse(option: Option, value: str, origin: str) -> dict[str, object]:
    try:
        if option.choices and value not in option.choices:
            raise ValueError(f"is one of {', '.join(option.choices)}")
        return option.parse(value)
    except ValueError as error:
        raise ConfigError(f"{origin}: {error}; not {value!r}") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    found = {}
    names = {option.environment: option for option in OPTIONS}
    for variable, value in environ.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == FILE_VARIABLE or not value:
            continue  # an empty one is as good as none, as in a shell
        option = names.get(variable)
        if option is None:
            if _of_a_service(variable, value):
                continue
            raise ConfigError(f"${variable}: unknown{nearest(variable, list(names))}")
        found[option.name] = (value, f"${variable}")
    return found


def _of_a_service(variable: str, value: str) -> bool:
    if variable.endswith("_PORT") and "://" in value:
        return True
    return _SERVICE_VARIABLE.fullmatch(variable) is not None


def _from_file(path: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    try:
        document = _read(path)
        for name, value in _flatten(document, ""):
            if name in found:
                raise ConfigError(f"{path}: {name}: stands here twice")
            if (text := _text(path, name, value)) is not None:
                found[name] = (text, f"{path}: {name}")
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply") from None
    return found


def _read(path: str) -> Mapping[Any, Any]:
    try:
        document = parse(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except TwinError as error:
        name = ".".join(error.keys)
        raise ConfigError(
            f"{path}: {name}: stands here twice, again in line {error.line}"
        ) from error
    except (UnicodeDecodeError, YamlError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: must be a mapping of options")
    return document


def _text(path: str, name: str, value: Any) -> str | None:
    """The value of a key as a flag would have it; None for a section without any key."""
    if value is None and any(known.startswith(name + ".") for known in BY_NAME):
        return None  # all its keys are commented out
    option = BY_NAME.get(name)
    if option is None:
        raise ConfigError(f"{path}: {name}: unknown key{nearest(name, list(BY_NAME))}")
    if isinstance(value, list):
        if not option.repeatable:
            raise ConfigError(f"{path}: {name}: takes one value, not a list")
        return ",".join(str(item) for item in value)
    return "" if value is None else str(value)


def _flatten(node: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flatten(value, name + ".")
        else:
            yield name, value


def nearest(name: str, known: Iterable[str]) -> str:
    """A guess at what was meant, to be put behind a message; ``""`` where nothing is near."""
    matches = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {matches[0]}?" if matches else ""
