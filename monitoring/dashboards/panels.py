"""The kinds of panel that both dashboards are made of: charts over time and single figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The Prometheus that is chosen on top."""
PREFIX: Final = "iot_facerecognition_"
"""Beginning of the metrics' names; `{m}` in queries."""
HERE: Final = 'instance=~"$instance"'
"""The servers that are chosen on top; `{here}` in queries."""
TALL: Final = 5
"""Height of a figure with a name above it, in rows of Grafana's grid."""
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Steps = Sequence[tuple[float | None, str]]
"""Colours from a value on; the first is from None on."""
PLAIN: Final[Steps] = ((None, "green"),)


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, in which `{m}` and `{here}` stand for the above, and its legend."""

    text: str
    legend: str = ""

    @property
    def expression(self) -> str:
        """The expression as Prometheus takes it."""
        return self.text.replace("{m}", PREFIX).replace("{here}", HERE)


@dataclass(frozen=True, slots=True)
class Word:
    """What is shown in place of a value, and in which colour."""

    text: str
    colour: str


Words = Mapping[int, Word] | Mapping[str, Word]
"""Words by the value that each stands for."""


@dataclass(frozen=True, slots=True)
class Band:
    """The area between two series of a chart, by their legends."""

    lowest: str
    highest: str


def lines(
    title: str, meaning: str, unit: str, *queries: Query, stacked: bool = False, span: int = 12
) -> timeseries.Panel:
    """Return a chart over time."""
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(show_legend=True)
        .calcs([])
    )
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    panel = (
        timeseries.Panel()
        .title(title)
        .description(meaning)
        .datasource(SOURCE)
        .unit(unit)
        .span(span)
        .height(8)
        .line_width(1)
        .fill_opacity(30 if stacked else 5)
        .legend(legend)
        .tooltip(tooltip)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    for letter, query in zip(LETTERS, queries, strict=False):
        panel = panel.with_target(target(query, letter))
    return panel


def ranked(
    title: str, meaning: str, unit: str, *queries: Query, lowest_first: bool = False, span: int = 12
) -> timeseries.Panel:
    """Return a chart of series next to a legend with their last values, the highest first."""
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.RIGHT)
        .show_legend(show_legend=True)
        .calcs(["lastNotNull"])
        .sort_by("Last *")
        .sort_desc(not lowest_first)
    )
    return lines(title, meaning, unit, *queries, span=span).legend(legend).fill_opacity(0)


def banded(panel: timeseries.Panel, band: Band) -> timeseries.Panel:
    """Shade the area of a chart between two of its series."""
    shade = _fixed("text")
    edge = [shade, DynamicConfigValue(id_val="custom.lineWidth", value=0)]
    panel = panel.override_by_name(band.lowest, edge)
    filled = [
        DynamicConfigValue(id_val="custom.fillBelowTo", value=band.lowest),
        DynamicConfigValue(id_val="custom.fillOpacity", value=15),
    ]
    return panel.override_by_name(band.highest, [*edge, *filled])


def named(panel: timeseries.Panel, words: Words) -> timeseries.Panel:
    """Give the series of a chart that are called by a value that value's word and colour."""
    for value, word in words.items():
        called = DynamicConfigValue(id_val="displayName", value=word.text)
        panel = panel.override_by_name(str(value), [called, _fixed(word.colour)])
    return panel


def number(
    title: str, meaning: str, unit: str, query: Query, steps: Steps = PLAIN, *, span: int = 4
) -> stat.Panel:
    """Return one large figure."""
    return (
        stat.Panel()
        .title(title)
        .description(meaning)
        .datasource(SOURCE)
        .unit(unit)
        .span(span)
        .height(4)
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(steps))
        .with_target(target(query, "A").instant())
    )


def word(title: str, meaning: str, query: Query, span: int = 4) -> stat.Panel:
    """Return a label's value, which is the query's legend, in large letters."""
    return number(title, meaning, "none", query, span=span).text_mode(BigValueTextMode.NAME)


def culprit(
    title: str, meaning: str, unit: str, query: Query, steps: Steps = PLAIN, *, span: int = 4
) -> stat.Panel:
    """Return a figure and whose it is, which is the query's legend."""
    panel = number(title, meaning, unit, query, steps, span=span)
    panel = panel.text_mode(BigValueTextMode.VALUE_AND_NAME).wide_layout(wide_layout=False)
    return panel.height(TALL)


def mapping(words: Words) -> ValueMap:
    """Return the words as Grafana takes them."""
    return ValueMap(
        options={
            str(value): ValueMappingResult(text=word.text, color=word.colour, index=place)
            for place, (value, word) in enumerate(words.items())
        },
    )


def target(query: Query, letter: str) -> prometheus.Dataquery:
    """Return the query as a panel asks it."""
    made = prometheus.Dataquery().datasource(SOURCE).expr(query.expression).ref_id(letter)
    return made.legend_format(query.legend) if query.legend else made


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    found = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def _fixed(colour: str) -> DynamicConfigValue:
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})
