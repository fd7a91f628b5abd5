"""Tests that are coroutines: each runs in an event loop of its own, and not for ever."""

import asyncio
import inspect

import pytest

SCENARIO_SECONDS = 30.0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests, each in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}

    async def bounded() -> None:
        async with asyncio.timeout(SCENARIO_SECONDS):
            await pyfuncitem.obj(**arguments)

    asyncio.run(bounded())
    return True
