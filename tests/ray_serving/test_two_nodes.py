"""A real Ray cluster with two nodes on this machine, a tiny model in each, and HTTP in front."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import psutil
import pytest
import ray
from ray import serve
from ray.cluster_utils import Cluster
from support.model_http import chat, events_of, serving
from support.random_model import request, save_random_model

from bot.config import Settings
from bot.ray_serving.cluster import APPLICATION, RayCluster, Scale, connected, fitting_cpus
from bot.ray_serving.generator import RayGenerator, session_of
from bot.ray_serving.replica import ReplicaOptions
from bot.system import SystemClock

pytestmark = [
    pytest.mark.timeout(240),  # starting Ray is most of it
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray leaves pipes of its children open
]
PLACES = 2
"""How many replies a replica writes at once."""


@dataclass(frozen=True)
class Deployed:
    """Replicas that are there already, and stay when a generator is closed."""

    cluster: RayCluster
    handle: Any

    def deploy(self) -> Any:
        return self.handle

    def remove(self) -> None:
        pass

    async def standing(self, asker: str) -> tuple[int, int]:
        """The process that this person's requests go to, and how many replies it is writing."""
        session = session_of(replace(request(""), asker=asker))
        asking = self.handle.options(method_name="standing", session_id=session)
        pid, count = await asking.remote()
        return pid, count

    async def idle(self, asker: str) -> None:
        while (await self.standing(asker))[1]:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("model") / "random"
    save_random_model(folder)
    settings = Settings(
        model=str(folder),
        context_tokens=512,
        kv_cache_tokens=4096,
        memory_tokens=100,
        reply_tokens=100,
        max_parallel_replies=PLACES,
    )
    small = {"object_store_memory": 100_000_000}
    head = {**small, "num_cpus": 0, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=head)
    try:
        for _ in range(2):
            nodes.add_node(num_cpus=1, **small)
        with connected(nodes.address):
            assert fitting_cpus(2) == 1
            options = ReplicaOptions.of(settings, model=str(folder), threads=1)
            scale = Scale(
                min_replicas=2,
                max_replicas=2,
                cpus=1,
                gpus=0,
                max_parallel=PLACES,
                max_waiting=4,
                grace_seconds=60,
            )
            cluster = RayCluster(options, scale)
            yield Deployed(cluster, cluster.deploy())
            cluster.remove()
    finally:
        nodes.shutdown()


@pytest.fixture
async def generator(two_nodes: Deployed) -> AsyncIterator[RayGenerator]:
    generator = RayGenerator(two_nodes, name="random", clock=SystemClock())
    generator.start()
    yield generator
    await generator.close()


async def one_on_each(two_nodes: Deployed) -> tuple[str, str]:
    """Two people whose requests go to different replicas."""
    at = {name: (await two_nodes.standing(name))[0] for name in map(str, range(30))}
    assert len(set(at.values())) == 2
    first = next(iter(at))
    return first, next(name for name, pid in at.items() if pid != at[first])


@asynccontextmanager
async def writing(generator: RayGenerator, asker: str, number: int = 0) -> AsyncIterator[Any]:
    """A reply that has begun and is far from its end."""
    wanted = replace(request(f"{asker}-{number}", tokens=400), asker=asker)
    async with aclosing(generator.stream(wanted)) as events:
        await anext(events)
        yield events


async def test_people_stay_on_their_replica_and_leave_nothing_there(
    two_nodes: Deployed, generator: RayGenerator
) -> None:
    ana, bea = await one_on_each(two_nodes)

    for number in range(3):
        for here, there in ((ana, bea), (bea, ana)):
            async with writing(generator, here, number):
                assert (await two_nodes.standing(here))[1] == 1
                assert (await two_nodes.standing(there))[1] == 0
            await two_nodes.idle(here)  # abandoned in the middle, so it is not written any more


async def test_who_finds_their_replica_full_is_answered_by_another(
    two_nodes: Deployed, generator: RayGenerator
) -> None:
    ana, bea = await one_on_each(two_nodes)

    async with AsyncExitStack() as stack:
        for number in range(PLACES + 1):
            assert (await two_nodes.standing(bea))[1] == 0
            await stack.enter_async_context(writing(generator, ana, number))
        assert (await two_nodes.standing(bea))[1] == 1
    await two_nodes.idle(ana)
    await two_nodes.idle(bea)


async def test_likelihoods_and_counts_are_the_replicas_own(generator: RayGenerator) -> None:
    prompt = request("").prompt
    async with serving(generator) as served:
        _, models = await served.get("/v1/models")
        _, counted = await served.post("/tokenize", {"prompt": "hello"})
    likelihoods = await generator.compare(prompt, ["a", "bb"])

    assert models["data"][0]["max_model_len"] == 512
    assert counted["count"] == 5  # one for each byte
    assert likelihoods[0] > likelihoods[1]


async def test_a_machine_that_dies_in_the_middle_is_said_soon_and_the_next_one_answers(
    two_nodes: Deployed, generator: RayGenerator
) -> None:
    ana, bea = await one_on_each(two_nodes)
    pid, _ = await two_nodes.standing(ana)
    other, _ = await two_nodes.standing(bea)
    async with serving(generator) as served:
        url = f"{served.url}/v1/chat/completions"
        body = chat(stream=True, user=ana, max_tokens=400)
        async with served.client.post(url, json=body) as response:
            events = events_of(response)
            while not (await anext(events))["choices"][0]["delta"]["content"]:
                pass
            kill_node_of(pid)
            died = time.perf_counter()
            *_, last = [event async for event in events]
            took = time.perf_counter() - died

        status, answer = await served.chat(user=ana, max_tokens=5)

    assert last["error"]["code"] == "engine_failed"
    assert last["error"]["message"] == "The machine that wrote this reply has failed; try again."
    assert took < 2
    assert status == 200
    assert answer["usage"]["completion_tokens"] == 5
    assert (await two_nodes.standing(ana))[0] == other


async def test_replies_in_progress_end_before_their_replica_does(
    two_nodes: Deployed, generator: RayGenerator
) -> None:
    """The last one: there are no replicas any more after it."""
    async with writing(generator, "ana") as events:
        removing = asyncio.create_task(asyncio.to_thread(two_nodes.cluster.remove))
        rest = [event async for event in events]
    await removing

    assert rest[-1].tokens == 400
    assert APPLICATION not in serve.status().applications
    assert ray.is_initialized()


def kill_node_of(pid: int) -> None:
    """Kill a replica and the node it is on, as when a machine loses its power."""
    raylet = psutil.Process(pid).parent()
    assert raylet is not None
    assert "raylet" in raylet.name()
    for process in (raylet, *raylet.children(recursive=True)):
        process.kill()
