"""Which tier is used is measured on frozen samples, once, and never read off a model's name."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.engine import CountingIds, settle

from bot.domain.fact import FactKind
from bot.engine.capability import Capability
from bot.engine.chat_traffic import ChatTraffic
from bot.engine.model_extraction import ModelExtraction
from bot.errors import EngineFailedError, ScoringUnsupportedError
from bot.memory.extraction import bullets, probe
from bot.memory.extraction.candidate import Candidate
from bot.memory.extraction.probe import Sample, Score, Tier, measured
from bot.memory.extraction.rules import extract
from bot.memory.extraction.statements import statements
from bot.ports.probe_results import ProbeResultsInMemory
from bot.ports.scripted import ScriptedGenerator
from bot.system import ProbeFile

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_half_of_the_samples_hold_nothing_and_both_languages_are_there() -> None:
    asked = probe.samples()

    assert 10 <= len(asked) <= 16
    assert sum(not sample.facts for sample in asked) == len(asked) / 2
    for facts in (True, False):
        languages = [sample.text.isascii() for sample in asked if bool(sample.facts) is facts]
        assert {True, False} == set(languages)


def test_rules_find_nothing_in_the_samples_and_a_model_may_see_every_fact() -> None:
    for sample in probe.samples():
        assert extract(sample.text, NOON) == ()
        seen = [statement.quote.casefold() for statement in statements(sample.text)]
        assert seen
        for words in sample.facts:
            assert any(all(word in quote for word in words) for quote in seen)


def found(quote: str) -> Candidate:
    return Candidate(kind=FactKind.EVENT, text=quote, quote=quote, start=0, end=len(quote))


def test_precision_counts_what_was_found_and_coverage_what_is_there() -> None:
    asked = [Sample("", (("cello",), ("shed", "garden"))), Sample("", ())]

    score = measured(asked, [[found("My Cello"), found("my shed")], [found("rain")]])

    assert score == Score(precision=1 / 3, coverage=1 / 2)
    both = measured(asked, [[found("a cello in the shed in my garden")], [found("rain")]])
    assert both == Score(precision=1 / 2, coverage=1.0)
    assert measured(asked, [[], []]) == Score(precision=0.0, coverage=0.0)


@pytest.mark.parametrize(
    ("precision", "coverage", "suffices"),
    [(0.8, 0.6, True), (0.79, 1.0, False), (1.0, 0.59, False)],
)
def test_both_precision_and_coverage_are_needed(
    precision: float, coverage: float, suffices: bool
) -> None:
    assert Score(precision, coverage).suffices is suffices


class FakeExtraction(ModelExtraction):
    """Finds in each sample what the test says, and counts."""

    def __init__(self, name: str, able: dict[Tier, int | None]) -> None:
        """``able`` says how many samples each tier reads well; None makes it find everything."""
        generator = ScriptedGenerator()
        generator.model_name = name
        super().__init__(generator, CountingIds())
        self.able = able
        self.runs: list[Tier] = []

    async def find(self, tier, text, said_at, known=()):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        self.runs.append(tier)
        number = [sample.text for sample in probe.samples()].index(text)
        share = self.able[tier]
        if share is None:
            return (found(text),)
        sample = probe.samples()[number]
        return tuple(found(" ".join(words)) for words in sample.facts if number < share)


def capability(
    asked: ModelExtraction, results: ProbeResultsInMemory | None = None, chosen: Tier | None = None
) -> Capability:
    results = results or ProbeResultsInMemory()
    return Capability(asked, results=results, traffic=ChatTraffic(), chosen=chosen)


ALL, NO = 16, 0


@pytest.mark.parametrize(
    ("able", "expected"),
    [
        ({Tier.BULLETS: ALL, Tier.QUESTIONS: ALL}, Tier.BULLETS),
        ({Tier.BULLETS: NO, Tier.QUESTIONS: ALL}, Tier.QUESTIONS),
        ({Tier.BULLETS: 13, Tier.QUESTIONS: ALL}, Tier.QUESTIONS),
        ({Tier.BULLETS: 4, Tier.QUESTIONS: 4}, Tier.RULES),
        ({Tier.BULLETS: None, Tier.QUESTIONS: ALL}, Tier.QUESTIONS),
        ({Tier.BULLETS: None, Tier.QUESTIONS: None}, Tier.RULES),
    ],
)
@pytest.mark.parametrize("name", ["tiny-135m", "huge-70b"])
async def test_the_tier_that_does_best_is_chosen_whatever_the_name(
    able: dict[Tier, int | None], expected: Tier, name: str
) -> None:
    assert await capability(FakeExtraction(name, able)).tier() is expected


async def test_the_probe_runs_once_for_a_model() -> None:
    results = ProbeResultsInMemory()
    able = {Tier.BULLETS: NO, Tier.QUESTIONS: ALL}
    await capability(FakeExtraction("one", able), results).tier()

    again = FakeExtraction("one", able)
    assert await capability(again, results).tier() is Tier.QUESTIONS
    assert again.runs == []

    other = FakeExtraction("other", able)
    await capability(other, results).tier()
    assert other.runs


async def test_other_prompts_are_another_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    results = ProbeResultsInMemory()
    await capability(FakeExtraction("one", {Tier.BULLETS: ALL, Tier.QUESTIONS: NO}), results).tier()
    monkeypatch.setattr(bullets, "_SYSTEM", "List facts.")
    probe.version.cache_clear()

    again = FakeExtraction("one", {Tier.BULLETS: ALL, Tier.QUESTIONS: NO})
    await capability(again, results).tier()
    probe.version.cache_clear()

    assert again.runs


async def test_with_a_tier_set_there_is_no_probe() -> None:
    asked = FakeExtraction("one", {Tier.BULLETS: ALL, Tier.QUESTIONS: NO})

    assert await capability(asked, chosen=Tier.QUESTIONS).tier() is Tier.QUESTIONS
    assert asked.runs == []


async def test_a_probe_that_failed_leaves_no_result() -> None:
    results = ProbeResultsInMemory()
    asked = ModelExtraction(ScriptedGenerator(EngineFailedError("broken")), CountingIds())
    with pytest.raises(EngineFailedError):
        await capability(asked, results).tier()

    again = FakeExtraction("scripted", {Tier.BULLETS: ALL, Tier.QUESTIONS: NO})
    assert await capability(again, results).tier() is Tier.BULLETS
    assert again.runs


def test_results_are_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "probe.json"
    assert ProbeFile(path).get("one") is None
    ProbeFile(path).put("one", {"tier": "rules", "bullets_precision": 0.5})
    ProbeFile(path).put("two", {"tier": "bullets"})

    assert ProbeFile(path).get("one") == {"tier": "rules", "bullets_precision": 0.5}
    assert ProbeFile(path).get("two") == {"tier": "bullets"}
    assert [item.name for item in path.parent.iterdir()] == ["probe.json"]


@pytest.mark.parametrize("content", ["", "[1]", "{", json.dumps({"one": 3}), "\udcff"])
def test_a_damaged_file_counts_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "probe.json"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")

    assert ProbeFile(path).get("one") is None
    ProbeFile(path).put("one", {"tier": "rules"})
    assert ProbeFile(path).get("one") == {"tier": "rules"}


def test_a_file_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    ProbeFile(tmp_path / "file" / "probe.json").put("one", {"tier": "rules"})


async def test_a_damaged_result_is_measured_again() -> None:
    results = ProbeResultsInMemory()
    results.put(f"one {probe.version()}", {"tier": "magic"})

    assert await capability(
        FakeExtraction("one", {Tier.BULLETS: ALL, Tier.QUESTIONS: NO}), results
    ).tier() is (Tier.BULLETS)


class Unjudging(FakeExtraction):
    """Its engine tells no likelihoods."""

    async def find(self, tier: Tier, *_: object, **__: object) -> tuple[Candidate, ...]:
        self.runs.append(tier)
        raise ScoringUnsupportedError("It does not tell.")


async def test_an_engine_that_tells_no_likelihoods_is_tried_once_and_nothing_is_kept() -> None:
    asked, results = Unjudging("one", {}), ProbeResultsInMemory()
    chooser = capability(asked, results)
    assert await chooser.tier() is Tier.RULES
    assert await chooser.tier() is Tier.RULES
    assert asked.runs == [Tier.BULLETS]
    other = FakeExtraction("one", {Tier.BULLETS: ALL, Tier.QUESTIONS: NO})
    assert await capability(other, results).tier() is Tier.BULLETS


async def test_the_probe_waits_while_somebody_is_answered() -> None:
    asked = FakeExtraction("one", {Tier.BULLETS: ALL, Tier.QUESTIONS: NO})
    traffic = ChatTraffic()
    chooser = Capability(asked, results=ProbeResultsInMemory(), traffic=traffic)
    with traffic.answering():
        task = asyncio.create_task(chooser.tier())
        await settle()
        assert asked.runs == []
    assert await task is Tier.BULLETS
