"""`dataclass` for value types, with less to do when a module is imported.

`dataclasses.dataclass(frozen=True, slots=True)` writes and compiles six functions for every class:
3 million instructions each on an ARM1176, a third of what the appliance's start took. The one here
makes classes that behave the same (tests compare the two) from functions that all of them share,
and compiles the one that is worth it, `__init__`, when the first value is made. Type checkers see
the standard library's.

Only for what value types need: frozen, with slots, fields with or without a plain default,
`__post_init__`, no base with fields of its own.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass

__all__ = ["dataclass"]

_FIELDS = "__dataclass_fields__"


class _Fields:
    """`__dataclass_fields__`, by which the module `dataclasses` knows its own: made when asked for.

    `fields`, `replace`, `asdict` and `is_dataclass` of the standard library work by it.
    """

    def __init__(self, names: tuple[str, ...], defaults: dict[str, Any], kw_only: bool) -> None:
        self._names, self._defaults, self._kw_only = names, defaults, kw_only

    def __get__(self, instance: object, owner: type) -> dict[str, Any]:
        import dataclasses  # noqa: PLC0415 - takes a while, and few values are asked

        declared = [
            (
                name,
                owner.__annotations__[name],
                dataclasses.field(default=self._defaults.get(name, dataclasses.MISSING)),
            )
            for name in self._names
        ]
        twin = dataclasses.make_dataclass(owner.__name__, declared, kw_only=self._kw_only)
        made: dict[str, Any] = getattr(twin, _FIELDS)
        setattr(owner, _FIELDS, made)
        return made


def _frozen_set(self: object, name: str, value: object) -> None:  # noqa: ARG001 - the protocol's
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - for mistakes only

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _frozen_delete(self: object, name: str) -> None:  # noqa: ARG001 - the protocol's
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - for mistakes only

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__qualname__}({shown})"


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


def _late_init(cls: Any, names: tuple[str, ...], defaults: dict[str, Any], kw_only: bool) -> None:
    """Give `cls` an `__init__` that compiles the real one at the first call."""

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807 - it is one
        cls.__init__ = _compiled_init(cls, names, defaults, kw_only)
        cls.__init__(self, *arguments, **named)

    cls.__init__ = __init__


def _compiled_init(
    cls: Any, names: tuple[str, ...], defaults: dict[str, Any], kw_only: bool
) -> Callable[..., None]:
    parameters = ", ".join(f"{name}=_d_{name}" if name in defaults else name for name in names)
    if kw_only and names:
        parameters = f"*, {parameters}"
    # A slot's own setter goes past __setattr__, and is the fastest way in.
    lines = [f" _s_{name}(self, {name})" for name in names]
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    body = "\n".join(lines) or " pass"
    scope: dict[str, Any] = {f"_d_{name}": value for name, value in defaults.items()}
    scope |= {f"_s_{name}": cls.__dict__[name].__set__ for name in names}
    exec(f"def __init__(self, {parameters}):\n{body}", scope)  # noqa: S102 - names of fields only
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    init.__annotations__ = {name: cls.__annotations__[name] for name in names} | {"return": None}
    return init


def _checked_defaults(cls: type, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the defaults. Raises TypeError for what only `dataclasses.dataclass` can do."""
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    for name, value in defaults.items():
        if type(value).__hash__ is None or type(value).__name__ == "Field":
            raise TypeError(f"{cls.__name__}.{name}: use dataclasses.dataclass for such a default")
    if any(hasattr(base, _FIELDS) for base in cls.__mro__[1:]):
        raise TypeError(f"{cls.__name__}: use dataclasses.dataclass to add to another one's fields")
    return defaults


def _comparing(names: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    """Return how values are compared, hashed and shown."""
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807 - it is one
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def __hash__(self: Any) -> int:  # noqa: N807 - it is one
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__, "__repr__": _repr}


def _light_dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], Any]:
    """Make the class below a value type; see `dataclasses.dataclass` and the module's docstring."""
    if not (frozen and slots):
        raise TypeError("only for value types: frozen and with slots; or use dataclasses.dataclass")

    def make(cls: type) -> Any:
        names = tuple(cls.__annotations__)
        defaults = _checked_defaults(cls, names)
        left = {"__dict__", "__weakref__", *defaults}
        space = {name: value for name, value in cls.__dict__.items() if name not in left}
        for name, function in _comparing(names).items():
            # A class with its own __eq__ has None for __hash__.
            if space.get(name) is None:
                space[name] = function
        space |= {
            "__slots__": names,
            "__match_args__": () if kw_only else names,
            "__setattr__": _frozen_set,
            "__delattr__": _frozen_delete,
            "__getstate__": _getstate,
            "__setstate__": _setstate,
            _FIELDS: _Fields(names, defaults, kw_only),
        }
        made: Any = type(cls)(cls.__name__, cls.__bases__, space)
        made.__qualname__ = cls.__qualname__
        if "__init__" not in space:
            _late_init(made, names, defaults, kw_only)
        return made

    return make


if not TYPE_CHECKING:
    dataclass = _light_dataclass
