# SPDX-License-Identifier: Apache-2.0
"""Rows of panels, placed on Grafana's grid of 24 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.models import dashboard as models

COLUMNS = 24
_IDS_OF_A_ROW = 100


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a title; ``collapsed`` ones ask nothing until somebody opens the row."""

    title: str
    panels: Sequence[models.Panel]
    collapsed: bool = False


def placed(rows: Sequence[Row]) -> list[models.Panel | models.RowPanel]:
    """All panels, from the top left, with ids that are kept when another row grows.

    Raises ``ValueError`` where a line of panels is not full or not even.
    """
    found: list[models.Panel | models.RowPanel] = []
    y = 0
    for number, row in enumerate(rows, start=1):
        ids = iter(range(number * _IDS_OF_A_ROW + 1, (number + 1) * _IDS_OF_A_ROW))
        heading = models.RowPanel(
            collapsed=row.collapsed,
            title=row.title,
            grid_pos=models.GridPos(h=1, w=COLUMNS, x=0, y=y),
            id_val=number * _IDS_OF_A_ROW,
            panels=[],
        )
        y += 1
        for line in _lines(row):
            x = 0
            for panel in line:
                panel.id_val = next(ids)
                width, height = _size(panel)
                panel.grid_pos = models.GridPos(h=height, w=width, x=x, y=y)
                x += width
            # Panels of a closed row lie in it, at the places they take when it is opened.
            y += _size(line[0])[1]
        found.append(heading)
        if row.collapsed:
            heading.panels = list(row.panels)
        else:
            found += row.panels
    return found


def _lines(row: Row) -> Iterator[list[models.Panel]]:
    line: list[models.Panel] = []
    for panel in row.panels:
        line.append(panel)
        if sum(_size(p)[0] for p in line) >= COLUMNS:
            yield _even(row, line)
            line = []
    if line:
        yield _even(row, line)


def _even(row: Row, line: list[models.Panel]) -> list[models.Panel]:
    sizes = [_size(panel) for panel in line]
    if sum(width for width, _ in sizes) != COLUMNS or len({height for _, height in sizes}) != 1:
        titles = [panel.title for panel in line]
        raise ValueError(f"{row.title}: {titles} are {sizes} wide and high, not {COLUMNS} together")
    return line


def _size(panel: models.Panel) -> tuple[int, int]:
    if panel.grid_pos is None:
        raise ValueError(f"{panel.title}: has no size")
    return panel.grid_pos.w, panel.grid_pos.h
