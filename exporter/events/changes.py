# SPDX-License-Identifier: Apache-2.0
"""What changed in a ledger since it was last asked."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Changes:
    """Entries by key, as they are now: of what has ended the inverse (``~entry``, which is
    negative), and None of what is forgotten.
    """

    entries: dict[bytes, int | None] = field(default_factory=dict)
    whole: bool = False
    """These are all entries there are, and not only the changed ones."""

    def followed_by(self, later: Changes) -> Changes:
        """Both, of which the later ones speak last."""
        if later.whole:
            return later
        both = {**self.entries, **later.entries}
        if self.whole:  # what is forgotten is in no file that is written anew
            both = {key: entry for key, entry in both.items() if entry is not None}
        return Changes(both, self.whole)
