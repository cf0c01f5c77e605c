"""What happens when a graphics card has no memory left: the next batches are smaller."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from bot.generation.engine import GPU_STEP_TOKENS, SMALLEST_SHARE, BatchEngine
from bot.generation.limits import attention_way
from bot.generation.output import Output


class Manager:
    """Stands for the library's, and keeps what it was told."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.handlers: dict[str, Any] = {}
        self.running = True
        self.output_router = SimpleNamespace()
        self.background_thread_status = SimpleNamespace(can_accept_new_requests=lambda: None)

    def is_running(self) -> bool:
        return self.running

    def start(self) -> None: ...

    def _create_batch_processor(self) -> None: ...

    def stop(self, **_: Any) -> None: ...

    def destroy(self) -> None: ...

    def add_request(self, *_: Any, **__: Any) -> None: ...

    def register_result_handler(self, request_id: str, handler: Any) -> None:
        self.handlers[request_id] = handler


def engine() -> tuple[BatchEngine, list[Manager]]:
    managers: list[Manager] = []

    def made(*, continuous_batching_config: Any, **_: Any) -> Manager:
        managers.append(Manager(continuous_batching_config))
        return managers[-1]

    model = SimpleNamespace(device=torch.device("cuda"), init_continuous_batching=made)
    return BatchEngine(model, end_token_ids=[0], kv_cache_tokens=4096), managers


def fail(engine: BatchEngine, manager: Manager, error: str, *, replies: int = 2) -> list[Output]:
    told: list[Output] = []
    for n in range(replies):
        engine.submit(str(n), [1], max_tokens=4, variety=0.0, deliver=told.append)
    for handler in list(manager.handlers.values()):
        handler(SimpleNamespace(generated_tokens=[], error=error, is_finished=lambda: True))
    manager.running = False
    return told


def test_each_time_memory_runs_out_batches_are_halved() -> None:
    made, managers = engine()
    steps = []
    for _ in range(8):
        made.start()
        steps.append(managers[-1].config.max_batch_tokens)
        told = fail(made, managers[-1], "CUDA out of memory. Tried to allocate 2 GiB")
        assert [output.error is not None for output in told] == [True, True]

    smallest = GPU_STEP_TOKENS // SMALLEST_SHARE
    assert steps == [None, 2048, 1024, 512, 256, smallest, smallest, smallest]
    assert {manager.config.num_blocks for manager in managers} == {64}


def test_another_failure_changes_nothing() -> None:
    made, managers = engine()
    made.start()
    fail(made, managers[-1], "a kernel failed")
    made.start()

    assert [manager.config.max_batch_tokens for manager in managers] == [None, None]


def test_attention_is_the_best_that_is_there(monkeypatch: Any) -> None:
    class Fast:
        _supports_sdpa = True
        _supports_flash_attn = True

    class Plain:
        _supports_sdpa = False

    def way(model: type, device: str) -> str:
        factory = SimpleNamespace(_model_mapping={str: model})
        return attention_way(factory, "config", torch.device(device))

    monkeypatch.setattr("bot.generation.limits.is_flash_attn_2_available", lambda: True)
    assert way(Fast, "cuda") == "flash_attention_2"
    assert way(Fast, "cpu") == "sdpa"
    assert way(Plain, "cuda") == "eager"

    monkeypatch.setattr("bot.generation.limits.is_flash_attn_2_available", lambda: False)
    assert way(Fast, "cuda") == "sdpa"
