# SPDX-License-Identifier: Apache-2.0
"""Who may ask, as the API server sees it: bearer tokens, and the rights of those they belong to.

What it answers is remembered for a while, and it is asked no more than it has to be.
"""

from exporter.web.reviews.answers import Answers, Standing, User, Verdict
from exporter.web.reviews.guard import Guard
from exporter.web.reviews.reviews import Reviewer, Reviews, UnansweredError
from exporter.web.reviews.tally import Kind, Outcome, Result, Tally

__all__ = [
    "Answers",
    "Guard",
    "Kind",
    "Outcome",
    "Result",
    "Reviewer",
    "Reviews",
    "Standing",
    "Tally",
    "UnansweredError",
    "User",
    "Verdict",
]
