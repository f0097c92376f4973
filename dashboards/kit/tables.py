# SPDX-License-Identifier: Apache-2.0
"""Tables: a row for each label set, a column for each query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.kit.expressions import Expr
from dashboards.kit.links import DataLink
from dashboards.kit.panels import REFS, Steps, finished, target, thresholds
from dashboards.kit.queries import Query


@dataclass(frozen=True, slots=True)
class Column:
    """Values under a name; ``steps`` colour their cells."""

    name: str
    expr: Expr
    steps: Steps = ()
    decimals: int = 0


def table(
    title: str,
    description: str,
    *columns: Column,
    links: Mapping[str, DataLink] | None = None,
    width: int = 24,
    height: int = 9,
    ascending: bool = False,
) -> models.Panel:
    """Sorted by the first column; all columns have the labels of the first.

    A column beyond the first must hold to its rows: ``within`` says so in the query.
    """
    labels = columns[0].expr.labels
    panel = (
        tables.Panel()
        .unit(columns[0].expr.unit)
        .decimals(columns[0].decimals)
        .filterable(True)
        .sort_by([common.TableSortByFieldState().display_name(columns[0].name).desc(not ascending)])
        .with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(_organized(labels, columns))
    )
    for ref, column in _with_refs(columns):
        if set(column.expr.labels) != set(labels):
            raise ValueError(f"{title}: {column.name} has other labels than {columns[0].name}")
        asked = target(Query(column.expr, column.name), ref, instant=True)
        panel.with_target(asked.format(PromQueryFormat.TABLE))
        panel.override_by_name(column.name, _looks(column))
    for label, link in (links or {}).items():
        if label not in labels:
            raise ValueError(f"{title}: no column {label!r}")
        value = [{"title": link.title, "url": link.url}]
        panel.override_by_name(label, [models.DynamicConfigValue(id_val="links", value=value)])
    asked_for = tuple(Query(column.expr, column.name) for column in columns)
    return finished(panel, title, description, asked_for, (width, height))


def _with_refs(columns: tuple[Column, ...]) -> list[tuple[str, Column]]:
    return [(REFS[place], column) for place, column in enumerate(columns)]


def _organized(
    labels: tuple[str, ...], columns: tuple[Column, ...]
) -> models.DataTransformerConfig:
    # A lone answer is called Value, several are called by their queries.
    names = {f"Value #{ref}": column.name for ref, column in _with_refs(columns)}
    return models.DataTransformerConfig(
        id_val="organize",
        options={
            "excludeByName": {"Time": True},
            "indexByName": {
                name: place for place, name in enumerate((*labels, "Value", *names), start=1)
            },
            "renameByName": {"Value": columns[0].name, **names},
        },
    )


def _looks(column: Column) -> list[models.DynamicConfigValue]:
    looks = [
        models.DynamicConfigValue(id_val="unit", value=column.expr.unit),
        models.DynamicConfigValue(id_val="decimals", value=column.decimals),
    ]
    if column.steps:
        built = thresholds(column.steps).build()
        looks += [
            models.DynamicConfigValue(id_val="thresholds", value=built),
            models.DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
        ]
    return looks
