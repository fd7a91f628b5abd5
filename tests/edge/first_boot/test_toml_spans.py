"""Where values stand is found in any valid TOML: the parser's values and the scanner's agree."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_edge.first_boot.toml_spans import spans

KEYS = st.one_of(
    st.from_regex(r"[a-z_-]{1,6}", fullmatch=True),
    st.text(alphabet="ab.#\"= \\'[]", min_size=1, max_size=5),
)
TEXTS = st.text(alphabet="ab\"'\\#=,[]{} \n\t€", max_size=12)


def spelled_key(key: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" if c in '"\\' else c for c in key) + '"'


@st.composite
def strings(draw) -> tuple[str, str]:
    """A text, and one of TOML's ways to write it."""
    text = draw(TEXTS)
    ways = ['"' + "".join(f"\\u{ord(c):04x}" if c in '"\\\n\t' else c for c in text) + '"']
    if "'" not in text and "\n" not in text:
        ways.append(f"'{text}'")
    if "'''" not in text and not text.endswith("'"):
        ways.append(f"'''\n{text}'''")
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if not escaped.endswith('"'):
        ways.append(f'"""\n{escaped}"""')
    return text, draw(st.sampled_from(ways))


SCALARS = st.one_of(
    strings(),
    st.integers(-1000, 1000).map(lambda n: (n, str(n))),
    st.booleans().map(lambda b: (b, str(b).lower())),
    st.just((1.5, "1.5")),
)
BLANKS = st.sampled_from(["", " ", "\n", ' # a "remark ]}\n', "\r\n"])


@st.composite
def arrays(draw, inner) -> tuple[list[Any], str]:
    parts = draw(st.lists(inner, max_size=3))
    blank = draw(BLANKS)
    return [value for value, _ in parts], "[" + blank + f",{blank}".join(
        t for _, t in parts
    ) + blank + "]"


@st.composite
def tables(draw, inner) -> tuple[dict[str, Any], str]:
    parts = draw(st.dictionaries(KEYS, inner, max_size=3))
    text = ", ".join(f"{spelled_key(key)} = {text}" for key, (_, text) in parts.items())
    return {key: value for key, (value, _) in parts.items()}, "{" + text + "}"


VALUES = st.recursive(SCALARS, lambda inner: st.one_of(arrays(inner), tables(inner)), max_leaves=6)


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


@given(st.lists(st.tuples(KEYS, st.dictionaries(KEYS, VALUES, max_size=3)), max_size=3))
def test_every_value_stands_where_its_span_says(sections):
    text = ""
    for header, pairs in dict(sections).items():
        text += f"[{spelled_key(header)}] # a remark\n"
        for key, (_, spelled) in pairs.items():
            text += f"  {spelled_key(key)} ={spelled} # [x] = 'y'\n"
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # a line break within an inline table, which TOML 1.0 does not have
    found = spans(text)
    for span in found:
        assert tomllib.loads(f"x = {text[span.start : span.end]}")["x"] == at(data, span.path)
        assert text[: span.start].count("\n") >= span.line - 1
    top = {span.path for span in found if len(span.path) == 2}
    assert top == {(section, key) for section, pairs in data.items() for key in pairs}


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a.b.'c d' = 1", ("a", "b", "c d"), 1),
        ("[a]\n[a.b]\nc = 1", ("a", "b", "c"), 3),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), 4),
        ("[[a]]\n[[a]]\n[a.c]\nb = 2", ("a", 1, "c", "b"), 4),
        ("a = [\n{b = 1},\n{b = 2}\n]", ("a", 1, "b"), 3),
        ('a = """""x"""""\nb = 1', ("b",), 2),
        ("a = 1979-05-27 07:32:00Z\nb = inf", ("b",), 2),
    ],
)
def test_a_line_is_found(text, path, line):
    tomllib.loads(text)
    (span,) = [span for span in spans(text) if span.path == path]
    assert span.line == line
