"""Tables with a row for each of something, and a query for each column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.dashboards.panels import LETTERS, SOURCE, Query, Steps, Words, mapping, target

TEXT: Final = {"type": "color-text"}
BACKGROUND: Final = {"type": "color-background", "mode": "basic"}
GAUGE: Final = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
"""How a cell shows its colour; a gauge needs a column with a range."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, its query, and how a value is shown."""

    heading: str
    query: Query
    unit: str = "none"
    steps: Steps = ()
    words: Words | None = None
    """Words in place of values."""
    label: str = ""
    """The label of the result that is shown, where it is not the value."""
    cell: Mapping[str, str] | None = None
    """How the colours of steps or words are shown; the text is coloured where this is left out."""
    limits: tuple[float, float] | None = None
    """The values at both ends of a gauge."""
    width: int = 0
    """Pixels; 0: what the others leave."""
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A label that tells the rows apart: heading, address that cells link to, width in pixels."""

    label: str
    heading: str
    link: str
    width: int


def rows(
    title: str,
    meaning: str,
    first: Column,
    keys: Sequence[Key],
    columns: Sequence[Column],
    *,
    worst_first: Sequence[str],
) -> table.Panel:
    """Return a table with a row for each set of values of the keys.

    `first` stands before the keys. Rows are sorted by the columns with the headings `worst_first`,
    the lowest values first.
    """
    asked = [first, *columns]
    panel = (
        table.Panel()
        .title(title)
        .description(meaning)
        .datasource(SOURCE)
        .span(24)
        .height(12)
        .filterable(filterable=True)
        .sort_by(
            [
                common.TableSortByFieldState().display_name(heading).desc(desc=False)
                for heading in worst_first
            ]
        )
    )
    for letter, column in zip(LETTERS, asked, strict=False):
        query = target(column.query, letter).instant().format(PromQueryFormat.TABLE)
        panel = panel.with_target(query).override_by_name(column.heading, _looks(column))
    for key in keys:
        address = {"title": "Show ${__value.text}", "url": key.link}
        link = DynamicConfigValue(id_val="links", value=[address])
        width = DynamicConfigValue(id_val="custom.width", value=key.width)
        panel = panel.override_by_name(key.heading, [link, width])
    merge = DataTransformerConfig(id_val="merge", options={})
    organise = DataTransformerConfig(id_val="organize", options=_arrangement(keys, asked))
    return panel.with_transformation(merge).with_transformation(organise)


def _arrangement(keys: Sequence[Key], columns: Sequence[Column]) -> dict[str, Any]:
    """Return which fields are hidden, how the others are called, and their order."""
    fields = {}
    hidden = {"Time": True}
    for letter, column in zip(LETTERS, columns, strict=False):
        fields[column.label or f"Value #{letter}"] = column.heading
        if column.label:
            hidden[f"Value #{letter}"] = True
    first, *others = fields.items()
    names = dict([first, *((key.label, key.heading) for key in keys), *others])
    order = {name: position for position, name in enumerate(names)}
    return {"excludeByName": hidden, "renameByName": names, "indexByName": order}


def _looks(column: Column) -> list[DynamicConfigValue]:
    found: dict[str, Any] = {"unit": column.unit}
    if column.steps:
        steps = [{"value": value, "color": colour} for value, colour in column.steps]
        found["thresholds"] = {"mode": "absolute", "steps": steps}
    if column.words:
        found["mappings"] = [mapping(column.words)]
    if column.steps or column.words:
        found["custom.cellOptions"] = column.cell or TEXT
    if column.limits:
        found["min"], found["max"] = column.limits
    if column.centred:
        found["custom.align"] = "center"
    if column.width:
        found["custom.width"] = column.width
    return [DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]
