# SPDX-License-Identifier: Apache-2.0
"""What ``check`` says of files: the checkpoint's, the audit log, certificates and tokens."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from pathlib import Path

from exporter.audit import AuditReader, Undecodable
from exporter.auditing import FILE_SUFFIX, webhook_tls
from exporter.checkpoint.database import CheckpointError, Database, HeldError
from exporter.checkpoint.increment_store import IncrementStore
from exporter.checkpoint.store import Store
from exporter.config import Config
from exporter.web.listening import FileError
from exporter.web.terms import Terms, read_terms
from exporter.web.terms.usage import web_usage, webhook_usage
from exporter.web.webhook.tokens import read_tokens

# Of a log: as much as tells what its lines are.
_BEGINNING_BYTES = 256 * 1024


def check_checkpoint(config: Config) -> bool:
    """Whether the files can be used, or made; nothing is printed where none is asked for."""
    if not config.checkpoint_path:
        return True
    path = Path(config.checkpoint_path)
    fine = config.audit_only or _usable(path, Store)
    return fine & (not config.audited or _usable(Path(f"{path}{FILE_SUFFIX}"), IncrementStore))


def check_audit(config: Config) -> bool:
    """Whether audit events can come in; nothing is printed where none are asked for."""
    fine = not config.audit_log_path or _log(Path(config.audit_log_path))
    return fine & (not config.audit_webhook or _webhook(config))


def check_web(config: Config) -> bool:
    """Whether ``--web.config.file`` can be used; where there is none, nothing is printed but a
    warning of tokens in the clear.
    """
    if not config.web_config_file:
        _warn_of_tokens(config, Terms(None))
        return True
    try:
        terms = read_terms(Path(config.web_config_file), web_usage(config))
    except FileError as error:
        print(f"FAIL  web: {error}")
        return False
    optional = terms.context and terms.context.verify_mode is ssl.CERT_OPTIONAL
    guarded = " and ".join(
        name
        for name, given in (
            ("TLS", terms.context),
            ("passwords", terms.users),
            ("client certificates", terms.certificate_required),
            # Who has none is let in, too.
            ("client certificates, if given", optional),
        )
        if given
    )
    print(
        f"ok    web: {config.web_config_file}: serves with {guarded or 'no TLS and no passwords'}"
    )
    _warn_of_tokens(config, terms)
    return True


def _warn_of_tokens(config: Config, terms: Terms) -> None:
    if config.web_auth_kubernetes and not terms.context:
        print("warn  web: bearer tokens come in the clear: name a certificate in --web.config.file")


def _usable(path: Path, opened: Callable[[Path], Database]) -> bool:
    try:
        if path.exists():
            opened(path).close()
        elif not os.access(path.parent, os.W_OK | os.X_OK):
            raise CheckpointError(f"cannot be made in {path.parent}")
    except HeldError as error:
        print(f"ok    checkpoint: {path} {error}, such as the exporter")
        return True
    except CheckpointError as error:
        print(f"FAIL  checkpoint: {path} {error}")
        return False
    print(f"ok    checkpoint: {path} {'' if path.exists() else 'can be made'}".rstrip())
    return True


def _log(path: Path) -> bool:
    if not path.is_file() and path.exists():
        print(f"FAIL  audit.log.path: {path} is no file")
        return False
    try:
        with path.open("rb") as file:
            line = file.read(_BEGINNING_BYTES).partition(b"\n")[0]
    except FileNotFoundError:
        print(f"warn  audit.log.path: {path} is not there yet")
        return True
    except OSError as error:
        print(f"FAIL  audit.log.path: {path} cannot be read: {os.strerror(error.errno or 0)}")
        return False
    reader = AuditReader()
    reader.lines(line)
    if reader.undecodable[Undecodable.LEGACY]:
        print(f"FAIL  audit.log.path: {path} is of --audit-log-format=legacy; it must be json")
        return False
    if any(reader.undecodable.values()) and len(line) < _BEGINNING_BYTES:
        print(f"FAIL  audit.log.path: {path} does not begin with an audit event as JSON")
        return False
    print(f"ok    audit.log.path: {path}")
    return True


def _webhook(config: Config) -> bool:
    try:
        terms = _webhook_terms(config)
        if config.audit_webhook_token_file:
            read_tokens(Path(config.audit_webhook_token_file))
    except FileError as error:
        print(f"FAIL  audit webhook: {error}")
        return False
    guarded = " and ".join(
        name
        for name, given in (
            ("a client certificate", terms.certificate_required),
            ("a bearer token", config.audit_webhook_token_file),
            ("a password", terms.users),
        )
        if given
    )
    print(
        f"{'ok  ' if guarded else 'warn'}  audit webhook: takes batches of who has "
        f"{guarded or 'its address: no client certificate, token or password is asked for'}"
    )
    return True


def _webhook_terms(config: Config) -> Terms:
    if config.audit_webhook_config_file:
        return read_terms(Path(config.audit_webhook_config_file), webhook_usage(config))
    files = webhook_tls(config)
    return files.terms() if files else Terms(None)
