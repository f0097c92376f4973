# SPDX-License-Identifier: Apache-2.0
"""What survives a crash: the ledgers, and what no scraper has seen yet.

A scrape commits. The state of the moment at which a page was made is written once the page was
sent: the ledgers as they were, and the amounts of the series that the page still showed at 0. A
process that starts from it lists, and the difference against the ledgers is what happened since;
its counters begin at those amounts. So what no scraper had seen is counted again, and nothing else.

``state`` is the vocabulary, ``recorder`` takes the state of a moment and knows which moments were
shown, ``store`` is the file, ``committer`` brings the one to the other, off the event loop.

Audit events come once and are in no list: of them ``increments`` keeps what was counted and not
shown, with how far each source was read, and ``increment_store`` is a file of its own.
"""
