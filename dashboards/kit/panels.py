# SPDX-License-Identifier: Apache-2.0
"""Panels: each has a title, a description that says what to do, a unit and readable legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    heatmap,
    prometheus,
    stat,
    statushistory,
)
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import text as texts
from grafana_foundation_sdk.builders import timeseries as graphs
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmaps
from grafana_foundation_sdk.models import text as text_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.kit.expressions import NO_EVENTS, Expr
from dashboards.kit.queries import Query

DATASOURCE = options.DataSourceRef(type_val="prometheus", uid="${datasource}")
STEADY = (("green", None),)
ANY_IS_BAD = (("green", None), ("orange", 1.0))
YES_OR_NO = (("red", None), ("green", 1.0))
# Four scrapes of 30 seconds, as $__rate_interval takes at least four: in shorter steps ranges
# would lie over each other, and bars would show some occurrences larger than others.
_SHORTEST_STEP = "2m"
_HISTORY_STEPS = 48
_MOST_HELP = 4
REFS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Steps = Sequence[tuple[str, float | None]]
"""Colours, each from a value on."""


class Builder(Protocol):
    """What the builders of all kinds of panels have in common."""

    def title(self, title: str) -> Self:
        """What the panel shows."""

    def description(self, description: str) -> Self:
        """What question it answers, and what to do."""

    def datasource(self, datasource: options.DataSourceRef) -> Self:
        """Where its queries go."""

    def build(self) -> models.Panel:
        """The panel."""


def bars(
    title: str, description: str, *asked: Query, width: int = 12, height: int = 8
) -> models.Panel:
    """Occurrences over time, stacked: how many, of what."""
    panel = (
        _graph(asked, "sum", "Total")
        .draw_style(options.GraphDrawStyle.BARS)
        .fill_opacity(70)
        .stacking(common.StackingConfig().mode(options.StackingMode.NORMAL).group("A"))
        .override_by_regexp(f"/{NO_EVENTS}/", _colour("green"))
        .axis_soft_max(1)
    )
    return finished(panel, title, description, asked, (width, height))


def lines(
    title: str,
    description: str,
    *asked: Query,
    logarithmic: bool = False,
    bounds: Steps = (),
    most: float | None = None,
    width: int = 12,
    height: int = 8,
) -> models.Panel:
    """Quantities over time; those from 0.1 seconds to hours on a logarithmic axis."""
    panel = _graph(asked, "lastNotNull", "Last *").fill_opacity(5 if len(asked) == 1 else 0)
    # A pair of events that ends now and then is a lone point.
    panel.show_points(options.VisibilityMode.AUTO)
    if logarithmic:
        scale = common.ScaleDistributionConfig().type(options.ScaleDistribution.LOG).log(10)
        panel.scale_distribution(scale)
    else:
        panel.min(0)
    if bounds:
        panel.thresholds(thresholds(bounds)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED)
        )
    if most is not None:
        panel.max(most)
    return finished(panel, title, description, asked, (width, height))


def number(
    title: str,
    description: str,
    asked: Expr,
    *,
    steps: Steps = STEADY,
    words: dict[str, str] | None = None,
    decimals: int | None = None,
    width: int = 4,
    height: int = 4,
) -> models.Panel:
    """One figure of now or of the whole time; ``words`` for the values that mean something."""
    panel = (
        stat.Panel()
        .unit(asked.unit)
        .thresholds(thresholds(steps))
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .color_mode(options.BigValueColorMode.VALUE)
        .graph_mode(options.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    )
    places = decimals if decimals is not None else {"short": 0, "percentunit": 1}.get(asked.unit)
    if places is not None:
        panel.decimals(places)
    if words:
        results = {value: models.ValueMappingResult(text=text) for value, text in words.items()}
        panel.mappings([models.ValueMap(options=results)])
    panel.with_target(target(Query(asked, title), "A", instant=True))
    return finished(panel, title, description, (Query(asked, title),), (width, height))


def ranking(
    title: str, description: str, asked: Query, *, width: int = 12, height: int = 8
) -> models.Panel:
    """The greatest of something over the whole time, as bars."""
    panel = (
        bargauge.Panel()
        .unit(asked.expr.unit)
        .min(0)
        .decimals(0)
        .orientation(options.VizOrientation.HORIZONTAL)
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .thresholds(thresholds((("blue", None),)))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .with_target(target(asked, "A", instant=True))
    )
    return finished(panel, title, description, (asked,), (width, height))


def heat(
    title: str, description: str, asked: Expr, *, width: int = 12, height: int = 8
) -> models.Panel:
    """How durations or sizes are spread, over time; pods of exemplars are the dots in it."""
    panel = (
        heatmap.Panel()
        .calculate(False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heatmaps.HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .steps(64)
        )
        .y_axis(heatmap.YAxisConfig().unit(asked.unit))
        .cell_values(heatmap.CellValues().unit("short"))
        .unit(asked.unit)
        .interval(_SHORTEST_STEP)
        .max_data_points(100)
        .with_target(target(Query(asked, "{{le}}"), "A").format(PromQueryFormat.HEATMAP))
    )
    return finished(panel, title, description, (Query(asked, "{{le}}"),), (width, height))


def history(
    title: str, description: str, asked: Query, steps: Steps, *, width: int = 24, height: int = 10
) -> models.Panel:
    """What occurred when: a line for each element, a coloured cell for each step."""
    panel = (
        statushistory.Panel()
        .unit(asked.expr.unit)
        .decimals(0)
        .thresholds(thresholds(steps))
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .show_value(options.VisibilityMode.NEVER)
        .legend(_legend())
        .interval(_SHORTEST_STEP)
        .max_data_points(_HISTORY_STEPS)
        .with_target(target(asked, "A"))
    )
    return finished(panel, title, description, (asked,), (width, height))


def prose(title: str, description: str, content: str, *, height: int) -> models.Panel:
    """Text; it asks nothing."""
    panel = texts.Panel().mode(text_models.TextMode.MARKDOWN).content(content)
    return finished(panel, title, description, (), (24, height))


def target(asked: Query, ref: str, *, instant: bool = False) -> prometheus.Dataquery:
    """A query as Grafana has it."""
    built = (
        prometheus.Dataquery()
        .expr(asked.expr.text)
        .legend_format(asked.legend)
        .ref_id(ref)
        .datasource(DATASOURCE)
    )
    if instant:
        return built.instant()
    # Our exemplars name the pod, the node and the image that a sample is about.
    return built.range().exemplar("_bucket" in asked.expr.text)


def thresholds(steps: Steps) -> builders.ThresholdsConfig:
    """Colours of values."""
    return (
        builders.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(value=value, color=colour) for colour, value in steps])
    )


def finished(
    panel: Builder,
    title: str,
    description: str,
    asked: Sequence[Query],
    size: tuple[int, int],
) -> models.Panel:
    """With what every panel has; ``description`` is followed by what the metrics say of it."""
    families = dict.fromkeys(d for query in asked for d in query.expr.families)
    told = [f"`{d.name}`: {d.help}" for d in families] if len(families) <= _MOST_HELP else []
    panel.title(title).description("\n\n".join([description, *told]))
    if asked:
        panel.datasource(DATASOURCE)
    built = panel.build()
    built.grid_pos = models.GridPos(w=size[0], h=size[1])
    built.repeat_direction = None  # the SDK writes one though nothing repeats
    return built


def _graph(asked: Sequence[Query], calculation: str, column: str) -> graphs.Panel:
    units = {query.expr.unit for query in asked}
    if len(units) != 1:
        raise ValueError(f"one panel, one unit: {units}")
    panel = (
        graphs.Panel()
        .unit(units.pop())
        .line_width(1)
        .interval(_SHORTEST_STEP)
        .legend(_legend(calculation, column))
        .tooltip(
            common.VizTooltipOptions()
            .mode(options.TooltipDisplayMode.MULTI)
            .sort(options.SortOrder.DESCENDING)
        )
    )
    for place, query in enumerate(asked):
        panel.with_target(target(query, REFS[place]))
    return panel


def _legend(calculation: str = "", column: str = "") -> common.VizLegendOptions:
    legend = (
        common.VizLegendOptions()
        .show_legend(True)
        .placement(options.LegendPlacement.BOTTOM)
        .display_mode(options.LegendDisplayMode.LIST)
    )
    if not calculation:
        return legend
    return (
        legend.display_mode(options.LegendDisplayMode.TABLE)
        .calcs([calculation, "max"] if calculation == "lastNotNull" else [calculation])
        .sort_by(column)
        .sort_desc(True)
    )


def _colour(name: str) -> list[models.DynamicConfigValue]:
    return [
        models.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": name}),
    ]
