"""The kinds of panel that both dashboards are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    VariableHide,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="prometheus")
PREFIX: Final = "iot_facerecognition_"
"""Beginning of the metrics' names; `{m}` in queries."""
HERE: Final = 'instance=~"$instance"'
"""The servers that are chosen on top; `{here}` in queries."""
LETTERS: Final = "ABCDEFGHIJKLMNOP"

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
class Column:
    """A column of a table: its heading, its query, and how a value is shown."""

    heading: str
    query: Query
    unit: str = "none"
    steps: Steps = ()
    words: Mapping[str, str] | None = None
    """Words in place of values."""
    label: str = ""
    """The label of the result that is shown, where it is not the value."""


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
        panel = panel.with_target(_target(query, letter))
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
        .thresholds(_thresholds(steps))
        .with_target(_target(query, "A").instant())
    )


def word(title: str, meaning: str, query: Query, span: int = 4) -> stat.Panel:
    """Return a label's value, which is the query's legend, in large letters."""
    return number(title, meaning, "none", query, span=span).text_mode(BigValueTextMode.NAME)


def rows(
    title: str, meaning: str, keys: Mapping[str, str], columns: Sequence[Column]
) -> table.Panel:
    """Return a table with a row for each set of values of the labels `keys`, and their links."""
    panel = (
        table.Panel()
        .title(title)
        .description(meaning)
        .datasource(SOURCE)
        .span(24)
        .height(10)
        .filterable(filterable=True)
    )
    names = {key: key.capitalize() for key in keys}
    hidden = {"Time": True}
    for letter, column in zip(LETTERS, columns, strict=False):
        target = _target(column.query, letter).instant().format(PromQueryFormat.TABLE)
        panel = panel.with_target(target)
        names[column.label or f"Value #{letter}"] = column.heading
        if column.label:
            hidden[f"Value #{letter}"] = True
        panel = panel.override_by_name(column.heading, _looks(column))
    order = {name: position for position, name in enumerate(names)}
    options = {"excludeByName": hidden, "renameByName": names, "indexByName": order}
    for key, link in keys.items():
        address = {"title": "Show ${__value.text}", "url": link}
        panel = panel.override_by_name(
            key.capitalize(), [DynamicConfigValue(id_val="links", value=[address])]
        )
    merge = DataTransformerConfig(id_val="merge", options={})
    organise = DataTransformerConfig(id_val="organize", options=options)
    return panel.with_transformation(merge).with_transformation(organise)


def board(title: str, uid: str, meaning: str) -> dashboard.Dashboard:
    """Return an empty dashboard with the choice of servers and a link to the other ones."""
    link = (
        dashboard.DashboardLink("Face recognition")
        .type(DashboardLinkType.DASHBOARDS)
        .tags(["iot-facerecognition"])
        .keep_time(keep_time=True)
        .include_vars(include_vars=True)
    )
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(meaning)
        .tags(["iot-facerecognition"])
        .refresh("15s")
        .time("now-1h", "now")
        .timezone("browser")
        .link(link)
        .with_variable(chooser("instance", "Server", f"label_values({PREFIX}ready, instance)"))
    )


def chooser(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """Return a variable that is chosen on top of the dashboard, all by default."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
        .hide(VariableHide.DONT_HIDE)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
    )


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    found = [Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)


def _target(query: Query, letter: str) -> prometheus.Dataquery:
    target = prometheus.Dataquery().datasource(SOURCE).expr(query.expression).ref_id(letter)
    return target.legend_format(query.legend) if query.legend else target


def _looks(column: Column) -> list[DynamicConfigValue]:
    found = [DynamicConfigValue(id_val="unit", value=column.unit)]
    if column.steps:
        steps = [{"value": value, "color": colour} for value, colour in column.steps]
        colours = {"mode": "absolute", "steps": steps}
        found.append(DynamicConfigValue(id_val="thresholds", value=colours))
        cell = {"type": "color-text"}
        found.append(DynamicConfigValue(id_val="custom.cellOptions", value=cell))
    if column.words:
        options = {value: {"text": text} for value, text in column.words.items()}
        mapping = [{"type": "value", "options": options}]
        found.append(DynamicConfigValue(id_val="mappings", value=mapping))
    return found
