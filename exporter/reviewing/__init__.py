# SPDX-License-Identifier: Apache-2.0
"""Asks the API server about bearer tokens and about rights, for those who ask us."""

from exporter.reviewing.apiserver import ApiReviewer
from exporter.reviewing.wire import QUESTIONS

__all__ = ["QUESTIONS", "ApiReviewer"]
