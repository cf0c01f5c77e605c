"""``ellie serve-model``: this machine's engine, or those of many, for bots on other machines."""

from __future__ import annotations

import asyncio
import importlib.util
import ipaddress
import re
import socket
from dataclasses import dataclass

from rich.console import Console

from bot.cli.models import ensure_model
from bot.cli.run import stop_signals
from bot.config import Settings, variable_of
from bot.errors import UnknownModelError, UsageError
from bot.generation.remote.address import RemoteModel
from bot.local_models import choose_model, local_generator
from bot.ports.generation import Generator
from bot.system import RandomIds, SystemClock

_REPLICAS = re.compile(r"([1-9]\d{0,3})(?::([1-9]\d{0,3}))?")
_IN_EXTRA = {"starlette": "serve", "uvicorn": "serve", "ray": "ray"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to answer, and on how many machines. Empty ``replicas`` and ``address``: this one."""

    host: str
    port: int
    replicas: str = ""
    address: str = ""
    cpus: int = 0

    @property
    def spread(self) -> bool:
        """Whether Ray is needed."""
        return bool(self.replicas or self.address)


def serve_model(settings: Settings, console: Console, place: Place) -> None:
    """Answer HTTP with the language model until SIGTERM or Ctrl-C.

    Raises:
        EllieError: that cannot be begun, or the model cannot be loaded.
    """
    _check(settings, place)
    bounds = replica_bounds(place.replicas)
    from bot.model_server.listening import listen_at  # noqa: PLC0415 - may not be installed

    at = listen_at(place.host, place.port)
    if not place.spread:
        name, folder = ensure_model(settings, console)
        if isinstance(folder, RemoteModel):
            raise UnknownModelError(
                f"ELLIE_MODEL={folder} is a server already. Name a model for this machine to run, "
                "for example ELLIE_MODEL=ellie-small."
            )
        generator: Generator = local_generator(settings, name, folder, SystemClock())
        asyncio.run(_answer(settings, console, place, generator, at))
        return

    from bot.ray_serving.cluster import (  # noqa: PLC0415 - as above
        RayCluster,
        Scale,
        connected,
        fitting_cpus,
        gpus_for_each,
    )
    from bot.ray_serving.generator import RayGenerator  # noqa: PLC0415
    from bot.ray_serving.replica import ReplicaOptions  # noqa: PLC0415

    with connected(place.address):
        name = choose_model(settings).name
        cpus = place.cpus or fitting_cpus(bounds[1])
        scale = Scale(
            min_replicas=bounds[0],
            max_replicas=bounds[1],
            cpus=cpus,
            gpus=0 if settings.device == "cpu" else gpus_for_each(bounds[1]),
            max_parallel=settings.max_parallel_replies,
            max_waiting=settings.max_waiting_replies,
            grace_seconds=settings.shutdown_grace_seconds,
        )
        options = ReplicaOptions.of(settings, model=name, threads=cpus)
        generator = RayGenerator(RayCluster(options, scale), name=name, clock=SystemClock())
        asyncio.run(_answer(settings, console, place, generator, at))


def replica_bounds(replicas: str) -> tuple[int, int]:
    """The fewest and the most replicas, from ``2`` or ``1:4``.

    Raises:
        UsageError: it is neither.
    """
    found = _REPLICAS.fullmatch(replicas or "1")
    fewest, most = (0, 0) if found is None else (int(found[1]), int(found[2] or found[1]))
    if not 1 <= fewest <= most:
        raise UsageError("--replicas takes a number or a range, for example 2 or 1:4.")
    return fewest, most


def _check(settings: Settings, place: Place) -> None:
    needed = ["starlette", "uvicorn", *(["ray"] if place.spread else [])]
    missing = [package for package in needed if importlib.util.find_spec(package) is None]
    if missing:
        extra = _IN_EXTRA[missing[-1]]
        raise UsageError(
            f"{missing[-1]} is not installed, which this needs. "
            f'Install it with: pip install "ellie[{extra}]"'
        )
    if place.address.startswith("ray://"):
        raise UsageError(
            "Ray's client (ray://) cannot carry streams. Make this machine part of the cluster "
            "with `ray start --address=HOST:6379`, and use --address auto."
        )
    if not settings.serve_api_key and not _is_loopback(place.host):
        raise UsageError(
            f"Others could reach {place.host}, so the server needs a key: set "
            f"{variable_of('serve_api_key')}, and the same as the bot's API key."
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _answer(
    settings: Settings, console: Console, place: Place, generator: Generator, at: socket.socket
) -> None:
    from bot.model_server.listening import answer_until  # noqa: PLC0415 - as above
    from bot.model_server.server import ModelServer, ServerOptions  # noqa: PLC0415

    key = settings.serve_api_key
    options = ServerOptions(
        api_key=key.get_secret_value() if key else "",
        time_limit_seconds=settings.reply_time_limit_seconds,
    )
    server = ModelServer(generator, options, clock=SystemClock(), ids=RandomIds())

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    with stop_signals() as told:
        generator.start()
        loading = asyncio.create_task(server.load())

        def loaded(done: asyncio.Task[None]) -> None:
            if not done.cancelled() and done.exception() is None:
                say("The model is loaded.")
            else:
                told.set()

        loading.add_done_callback(loaded)
        host = f"[{place.host}]" if ":" in place.host else place.host
        try:
            await answer_until(
                told,
                server,
                at,
                grace_seconds=settings.shutdown_grace_seconds,
                listening=lambda port: say(
                    f"Loading {generator.model_name}. It will answer at http://{host}:{port}/v1"
                ),
            )
        finally:
            loading.cancel()
            await asyncio.wait({loading})
            await generator.close()
    if not loading.cancelled():
        loading.result()
