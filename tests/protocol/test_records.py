"""The light `dataclass` makes what the standard library's makes."""

import copy
import dataclasses
import pickle
import threading

import pytest

from iot_facerecognition_protocol import records


class Plain:
    """A place."""

    x: int
    y: float = 0.5
    name: "str | None" = None

    @property
    def sum(self) -> float:
        return self.x + self.y


class Checked:
    """Something that looks at itself."""

    low: int
    high: int = 9

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        object.__setattr__(self, "low", abs(self.low))


class Empty:
    """Nothing."""


class Own:
    """What compares in its own way."""

    text: str
    noise: int = 0

    def __eq__(self, other):
        return isinstance(other, Own) and self.text.lower() == other.text.lower()

    def __hash__(self):
        return hash(self.text.lower())

    def __repr__(self):
        return f"<{self.text}>"


def copied(cls):
    space = {n: v for n, v in vars(cls).items() if n not in {"__dict__", "__weakref__"}}
    return type(cls.__name__, (), space | {"__qualname__": cls.__qualname__})


def both(cls, **options):
    """Return `cls` made by the standard library, and by ours."""
    given = {"frozen": True, "slots": True, **options}
    return tuple(make(**given)(copied(cls)) for make in (dataclasses.dataclass, records.dataclass))


@pytest.mark.parametrize(
    ("cls", "arguments", "named"),
    [
        (Plain, (1,), {}),
        (Plain, (1, 2.0, "a"), {}),
        (Plain, (1,), {"name": "b"}),
        (Plain, (), {}),
        (Plain, (1, 2, 3, 4), {}),
        (Plain, (1,), {"z": 1}),
        (Plain, (1,), {"x": 1}),
        (Checked, (-3,), {}),
        (Checked, (10,), {}),
        (Empty, (), {}),
        (Empty, (1,), {}),
        (Own, ("Ada",), {}),
    ],
)
@pytest.mark.parametrize("kw_only", [False, True])
def test_values_are_made_shown_and_taken_apart_alike(cls, arguments, named, kw_only):
    outcomes = []
    for made in both(cls, kw_only=kw_only):
        try:
            value = made(*arguments, **named)
        except (TypeError, ValueError) as error:
            outcomes.append((type(error), str(error)))
            continue
        outcomes.append(
            (
                repr(value),
                dataclasses.asdict(value),
                dataclasses.astuple(value),
                made.__match_args__,
                made.__slots__,
                made.__doc__,
                made.__qualname__,
                made.__module__,
                [(f.name, f.type, f.default, f.kw_only) for f in dataclasses.fields(made)],
                hasattr(value, "__dict__"),
                dataclasses.is_dataclass(value),
            )
        )
    assert outcomes[0] == outcomes[1]


def test_values_are_compared_and_hashed_by_their_fields():
    standard, ours = both(Plain)
    for made in (standard, ours):
        assert made(1, 2.0) == made(1, 2.0) != made(1, 3.0)
        assert hash(made(1, 2.0)) == hash(made(1, 2.0))
        assert len({made(1), made(1), made(2)}) == 2
        assert made(1) != (1, 0.5, None)
    assert ours(1) != standard(1), "other classes are other values"


def test_a_class_keeps_its_own_way_to_compare():
    for made in both(Own):
        assert repr(made("Ada")) == "<Ada>"
        assert hash(made("Ada")) == hash(made("ADA"))


def test_values_cannot_be_changed():
    for made in both(Plain):
        value = made(1)
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
            value.x = 2
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
            del value.x
        # The standard library trips over its own super() in Python 3.11.
        with pytest.raises((AttributeError, TypeError)):
            value.other = 2
        assert value == made(1)


def test_another_value_is_made_with_replace():
    for made in both(Plain):
        assert dataclasses.replace(made(1), y=4.0) == made(1, 4.0)
    for made in both(Checked):
        with pytest.raises(ValueError, match="low is above high"):
            dataclasses.replace(made(1), low=100)


@records.dataclass(frozen=True, slots=True)
class Stored:
    """At the top of a module, where pickle finds it."""

    x: int
    rest: tuple[int, ...] = ()


def test_values_are_copied_and_pickled():
    value = Stored(1, (2, 3))
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.copy(value) == copy.deepcopy(value) == value


def test_values_are_matched_by_place():
    match Stored(7, (1,)):
        case Stored(x, rest):
            assert (x, rest) == (7, (1,))
        case _:
            pytest.fail("no match")


def test_the_first_values_may_be_made_by_several_threads():
    for _ in range(50):
        made = both(Checked)[1]
        start, results = threading.Barrier(4), []

        def work(made=made, start=start, results=results):
            start.wait()
            results.append(made(1, 5))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [made(1, 5)] * 4


def test_what_it_cannot_do_it_refuses():
    with pytest.raises(TypeError, match="frozen and with slots"):
        records.dataclass(frozen=False, slots=True)

    class Mutable:
        items: list[int] = []  # noqa: RUF012 - that is the mistake

    class WithFactory:
        items: list[int] = dataclasses.field(default_factory=list)

    for cls in (Mutable, WithFactory):
        with pytest.raises(TypeError, match=r"use dataclasses\.dataclass"):
            records.dataclass(frozen=True, slots=True)(cls)

    class More(Stored):
        z: int

    with pytest.raises(TypeError, match="add to another one's fields"):
        records.dataclass(frozen=True, slots=True)(More)
