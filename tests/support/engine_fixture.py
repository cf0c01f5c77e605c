"""The fixture with which tests of a platform run with one engine or another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection

import pytest
from support.behind_server import BehindServer, install

SCRIPTED, REMOTE = "scripted", "remote"


def choose(metafunc: pytest.Metafunc, always_remote: Collection[str]) -> None:
    """Have a test run with the engine of ``--engine``; without that, with the scripted model.

    Those of the modules ``always_remote`` run with the remote engine as well.
    """
    option = metafunc.config.getoption("--engine")
    module = metafunc.module.__name__.rsplit(".", 1)[-1]
    if option == REMOTE:
        metafunc.parametrize("engine", [REMOTE], indirect=True)
    elif option is None and module in always_remote:
        metafunc.parametrize("engine", [SCRIPTED, REMOTE], indirect=True)


@pytest.fixture(autouse=True)
async def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[BehindServer]]:
    """The engines that were put behind servers; none when the scripted model is asked directly."""
    if getattr(request, "param", SCRIPTED) != REMOTE:
        yield []
        return
    made = install(monkeypatch, at_once=bool(request.node.get_closest_marker("at_once")))
    yield made
    for one in made:
        await one.close()
    for one in made:
        assert one.requests_over_http or not one.requests_made, "nothing was asked over HTTP"
