# SPDX-License-Identifier: Apache-2.0
"""The audit webhook: batches of audit events over HTTP, to who counts them."""

from exporter.web.webhook.receiving import Limits, Receipt, Receive
from exporter.web.webhook.refusals import Refusal
from exporter.web.webhook.server import AuditWebhook
from exporter.web.webhook.tokens import TOKEN_FILE

__all__ = ["TOKEN_FILE", "AuditWebhook", "Limits", "Receipt", "Receive", "Refusal"]
