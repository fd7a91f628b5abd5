"""The report of a run as one HTML file that needs nothing else: figures, pictures, outcomes."""

import base64
from collections import Counter
from html import escape
from pathlib import Path

from lab.hil.results import Chart, Figure, Outcome, Results, Shot, Verdict

_STYLE = Path(__file__).with_name("report.css")
_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}
_CHART = (640, 150)
"""Width and height of a chart in its own units."""
_MINUTE = 60


def html_report(results: Results) -> str:
    """Return the page."""
    title = f"Hardware in the loop: {results.device or 'no device'}"
    sections = [
        _head(results),
        _section("Figures", _cards(results.figures), bool(results.figures)),
        _section("Pictures", _pictures(results.shots), bool(results.shots)),
        _section("Tests", _outcomes(results.outcomes), bool(results.outcomes)),
        *(_section(chart.title, _chart(chart), bool(chart.values)) for chart in results.charts),
        *(_section(name, _text(text), bool(text)) for name, text in results.tables),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text()}</style>\n</head>\n"
        f"<body>\n{''.join(sections)}</body>\n</html>\n"
    )


def _head(results: Results) -> str:
    counts = Counter(outcome.outcome for outcome in results.outcomes)
    missed = [figure for figure in results.figures if figure.verdict is Verdict.MISSED]
    failed = bool(counts["failed"] or missed)
    parts = [f"{counts[word]} {word}" for word in ("passed", "failed", "skipped") if counts[word]]
    verdict = "Something is wrong" if failed else "All is well" if counts else "Nothing was run"
    if results.emulated:
        note = (
            "An emulated machine: its speed says nothing about a board's, so what depends on speed "
            "is reported and has no goal."
        )
    else:
        note = "A real board: every figure with a goal is asserted."
    facts = {
        "device": results.device,
        "server": results.server,
        "commit": results.commit,
        "begun": f"{results.began:%Y-%m-%d %H:%M %Z}",
        "took": _duration(sum(outcome.seconds for outcome in results.outcomes)),
    }
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value
    )
    return (
        f"<header>\n<h1>Hardware in the loop</h1>\n<p class='dim'>{note}</p>\n"
        f"<p class='banner {'failed' if failed else 'passed'}'>{verdict}"
        f" <small>{', '.join(parts)}</small></p>\n<dl>{rows}</dl>\n</header>\n"
    )


def _section(title: str, body: str, wanted: bool) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>\n" if wanted else ""


def _cards(figures: list[Figure]) -> str:
    return f"<div class='cards'>{''.join(map(_card, figures))}</div>"


def _card(figure: Figure) -> str:
    goal = "reported"
    if figure.goal is not None:
        goal = f"{'at least' if figure.at_least else 'at most'} {figure.goal:g}: {figure.verdict}"
    note = f"<p class='note'>{escape(figure.note)}</p>" if figure.note else ""
    return (
        f"<div class='card'><span class='dim'>{escape(figure.name)}</span>"
        f"<b>{escape(figure.text)}</b>"
        f"<span class='pill {figure.verdict}'>{escape(goal)}</span>{note}</div>"
    )


def _pictures(shots: list[Shot]) -> str:
    return f"<div class='pictures'>{''.join(map(_picture, shots))}</div>"


def _picture(shot: Shot) -> str:
    data = base64.b64encode(shot.path.read_bytes()).decode()
    source = f"data:{_TYPES[shot.path.suffix]};base64,{data}"
    return (
        f"<figure><img src='{source}' alt='{escape(shot.title, quote=True)}'>"
        f"<figcaption><b>{escape(shot.title)}</b> {escape(shot.note)}</figcaption></figure>"
    )


def _outcomes(outcomes: list[Outcome]) -> str:
    rows = "".join(map(_row, outcomes))
    return (
        "<div class='sheet'><table><thead><tr><th>test</th><th>outcome</th>"
        f"<th class='number'>seconds</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(outcome: Outcome) -> str:
    why = f"<pre>{escape(outcome.why)}</pre>" if outcome.why else ""
    return (
        f"<tr><td>{escape(outcome.name)}{why}</td>"
        f"<td><span class='pill {outcome.outcome}'>{outcome.outcome}</span></td>"
        f"<td class='number'>{outcome.seconds:,.0f}</td></tr>"
    )


def _chart(chart: Chart) -> str:
    """Return the values as bars over a scale that ends at the largest."""
    width, height = _CHART
    most = max(chart.values) or 1.0
    foot, head = 20, 16
    step = width / len(chart.values)
    bars = "".join(
        f"<rect x='{at * step:.1f}' y='{height - foot - value / most * (height - foot - head):.1f}'"
        f" width='{max(step - max(1, step * 0.2), 0.5):.1f}'"
        f" height='{value / most * (height - foot - head):.1f}'>"
        f"<title>{at + 1}: {value:g} {escape(chart.unit)}</title></rect>"
        for at, value in enumerate(chart.values)
    )
    base = height - foot
    label = f"at most {most:.3g} {chart.unit}; from first to last, {len(chart.values)} values"
    note = f"<p class='note' style='padding: 0 1rem .8rem'>{escape(chart.note)}</p>"
    return (
        f"<div class='sheet'><svg viewBox='0 0 {width} {height}' role='img'"
        f" aria-label='{escape(chart.title, quote=True)}'>{bars}"
        f"<line x1='0' y1='{base}' x2='{width}' y2='{base}'/>"
        f"<text x='0' y='{height - 4}'>{escape(label)}</text></svg>{note}</div>"
    )


def _text(text: str) -> str:
    return f"<div class='sheet'><pre>{escape(text)}</pre></div>"


def _duration(seconds: float) -> str:
    minutes = round(seconds / _MINUTE)
    return f"{minutes} minutes" if minutes != 1 else "1 minute"
