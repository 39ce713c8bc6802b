from collections.abc import AsyncIterator

import pytest

from tests.session.fakes import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    async with world.calls:
        yield world
