"""The appliance that views are tested with is called as the real one."""

import inspect

import pytest

from iot_facerecognition_edge.appliance import Appliance
from iot_facerecognition_edge.connection.introduction import Introduction
from tests.edge.fake_appliance import FakeAppliance, FakeIntroduction

OF_TESTS = frozenset({"publish", "become", "run_camera", "take_picture"})
"""What a test does to the fake, and nobody to an appliance."""


def methods(kind: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(member)
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name not in OF_TESTS
    }


@pytest.mark.parametrize(
    ("fake", "real"), [(FakeAppliance, Appliance), (FakeIntroduction, Introduction)]
)
def test_every_method_takes_what_the_real_one_takes(fake: type, real: type) -> None:
    calls = methods(real)
    for name, signature in methods(fake).items():
        if name == "clock":  # an attribute of the real one, that is called
            continue
        assert name in calls, f"there is no {real.__name__}.{name}"
        mine, its = signature.parameters, calls[name].parameters
        assert list(mine) == list(its), name
        for parameter in mine:
            assert mine[parameter].kind == its[parameter].kind, (name, parameter)
            assert mine[parameter].default == its[parameter].default, (name, parameter)


def test_every_property_of_the_real_one_that_the_fake_has_is_readable_there() -> None:
    """A property that becomes a method, or the other way round, is called wrongly by a view."""
    properties = {name for name, _ in inspect.getmembers(Appliance, inspect.isdatadescriptor)}
    fake = FakeAppliance()
    for name in properties - {"__weakref__"}:
        assert not callable(getattr(fake, name)), name
