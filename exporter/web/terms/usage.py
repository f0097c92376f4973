# SPDX-License-Identifier: Apache-2.0
"""What a file of terms is for: the option that names it, and which keys make no sense there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporter.config import Config


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one file."""

    option: str
    """Its name."""
    unfit: Mapping[str, str] = field(default_factory=dict)
    """By key, dotted, why it must not be there."""


WEB = Usage("web.config.file")
_LIMITED = "not for the audit webhook: batches that a limit refuses are lost"
_UNREAD = "not for the audit webhook: no browser reads its answers"


def web_usage(config: Config) -> Usage:
    """Of ``--web.config.file``."""
    if not config.web_auth_kubernetes:
        return WEB
    problem = "not together with --web.auth.kubernetes: a request has one password or one token"
    return Usage(WEB.option, {"basic_auth_users": problem})


def webhook_usage(config: Config) -> Usage:
    """Of ``--audit.webhook.config-file``."""
    unfit = {"rate_limit": _LIMITED, "http_server_config.headers": _UNREAD}
    if config.audit_webhook_token_file:
        problem = "not together with --audit.webhook.token-file: a request has one of both"
        unfit["basic_auth_users"] = problem
    return Usage("audit.webhook.config-file", unfit)
