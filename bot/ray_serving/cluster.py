"""Ray's side: connecting to a cluster, and what is deployed in it."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would tell its makers; before it loads

import ray
from ray import serve
from ray.serve.config import AutoscalingConfig, RequestRouterConfig
from ray.serve.exceptions import RayServeException
from ray.serve.schema import LoggingConfig

from bot.errors import ModelError, UsageError
from bot.ray_serving.attempt import Handle
from bot.ray_serving.replica import EngineReplica, ReplicaOptions

APPLICATION = "ellie-model"
ROUTER = "ray.serve.experimental.consistent_hash_router:ConsistentHashRouter"
BUSY_SHARE = 0.75
"""Replicas are added above this share of a replica's places, and taken away below it."""
UPSCALE_SECONDS, DOWNSCALE_SECONDS = 10.0, 300.0
"""How long it has to be so. Loading a model takes longer than most rushes; idling costs little."""
HEALTH_SECONDS, HEALTH_TIMEOUT_SECONDS = 5.0, 30.0
_OWN_ERROR = re.compile(r"bot\.errors\.\w+: (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How many replicas, and what one takes. ``cpus`` are also its threads."""

    min_replicas: int
    max_replicas: int
    cpus: int
    gpus: int
    max_parallel: int
    max_waiting: int
    grace_seconds: float


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Be part of the cluster at ``address``; of one on this machine alone when it is empty.

    Raises:
        UsageError: there is no cluster at that address.
    """
    common: dict[str, Any] = {
        "namespace": "ellie",
        "include_dashboard": None if address else False,
        "log_to_driver": False,  # what replicas say stays in the logs of their own machines
        "logging_level": "ERROR",
    }
    _into_own_log()
    try:
        ray.init(address=address or "local", **common)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise UsageError(
            f"There is no Ray cluster at {address or 'this machine'} ({reason}). "
            "Start one with `ray start --head --disable-usage-stats`."
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


def _into_own_log() -> None:
    """Have what Ray Serve says here go where Ellie's own lines go, and in their form."""
    logger = logging.getLogger("ray.serve")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.WARNING)


def fitting_cpus(max_replicas: int) -> int:
    """Processors for each replica, so that all of them fit: a whole machine when there are enough.

    Connected only.
    """
    nodes = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    useful = [int(cpus) for cpus in nodes if cpus >= 1]
    if not useful:
        return 1
    on_each = -(-max_replicas // len(useful))
    return max(1, min(useful) // on_each)


def gpus_for_each(max_replicas: int) -> int:
    """One graphics processor if the cluster has as many as replicas, else none. Connected only."""
    return int(ray.cluster_resources().get("GPU", 0) >= max_replicas)


def _reason() -> str:
    """The sentence with which the last replica gave up, which Ray has at the end of a traceback."""
    found = serve.status().applications.get(APPLICATION)
    told = [deployment.message for deployment in found.deployments.values()] if found else []
    sentences = _OWN_ERROR.findall("\n".join(told))
    return sentences[-1] if sentences else "Ray's logs on their machines say why."


class RayCluster:
    """The cluster this process is connected to, and Ellie's one application in it."""

    def __init__(self, options: ReplicaOptions, scale: Scale) -> None:
        self._options = options
        self._scale = scale

    def deploy(self) -> Handle:
        """See :class:`bot.ray_serving.generator.Cluster`."""
        # No proxies: Ray's own HTTP would be a second door, without a key.
        serve.start(proxy_location="Disabled")
        deployment = serve.deployment(EngineReplica, name="engine", **self._deployed_as())
        try:
            handle: Handle = serve.run(
                deployment.bind(self._options), name=APPLICATION, route_prefix=None
            )
        except RuntimeError:
            raise ModelError(f"The replicas cannot be started: {_reason()}") from None
        return handle

    def remove(self) -> None:
        """See there."""
        with suppress(RayServeException):  # there is no Serve yet, so there is no application
            serve.delete(APPLICATION)

    def _deployed_as(self) -> dict[str, Any]:
        scale = self._scale
        elastic = scale.max_replicas > scale.min_replicas
        how_many: dict[str, Any] = (
            {
                "autoscaling_config": AutoscalingConfig(
                    min_replicas=scale.min_replicas,
                    max_replicas=scale.max_replicas,
                    target_ongoing_requests=max(1.0, scale.max_parallel * BUSY_SHARE),
                    upscale_delay_s=UPSCALE_SECONDS,
                    downscale_delay_s=DOWNSCALE_SECONDS,
                )
            }
            if elastic
            else {"num_replicas": scale.min_replicas}
        )
        return how_many | {
            "ray_actor_options": {"num_cpus": scale.cpus, "num_gpus": scale.gpus},
            # Full is full: a place on a replica that has to read everything anew is sooner there
            # than one behind somebody else's whole reply.
            "max_ongoing_requests": scale.max_parallel,
            "max_queued_requests": max(1, scale.max_waiting),
            "max_constructor_retry_count": 3,  # a model that cannot be loaded stays so
            "user_config": {"model": self._options.model},  # has Ray call reconfigure
            "logging_config": LoggingConfig(log_level="WARNING", enable_access_log=False),
            "health_check_period_s": HEALTH_SECONDS,
            "health_check_timeout_s": HEALTH_TIMEOUT_SECONDS,
            "graceful_shutdown_wait_loop_s": 0.5,
            "graceful_shutdown_timeout_s": scale.grace_seconds,
            "request_router_config": RequestRouterConfig(
                request_router_class=ROUTER,
                request_router_kwargs={"num_fallback_replicas": max(1, scale.max_replicas - 1)},
            ),
        }
