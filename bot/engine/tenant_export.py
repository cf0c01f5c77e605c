"""What one person said in the channels of one tenant, as a document for its admins.

The schema ``ellie-tenant-export/1`` is a JSON object:

- ``schema``, ``exported_at``, ``exported_by``, ``tenant``, ``account``: when, by whom, of which
  tenant, and of which account in it;
- ``turns``: id, conversation, channel, visibility, when, text, reply, status, what was shown;
- ``facts``: id, kind, slot, topic, value, text, and the evidence that is from there;
- ``episodes``: id, conversation, channel, when it began and ended, and the sentences;
- ``traces``: of each turn the model, numbers of tokens and times, and why the reply ended;
- ``deliveries`` and ``feedback``: where replies are shown, and which were said to be good or bad.

Times are ISO 8601 with an offset. What tells of other places is left out, though it is part of the
same rows: numbers that count a person's turns and facts everywhere, how facts changed and were used
since, settings, other accounts, and the person's id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bot.domain.account import account_name
from bot.domain.conversation import Scope
from bot.domain.episode import Episode
from bot.domain.fact import Evidence, Fact, FactStatus
from bot.domain.identity import IdentityRef, TenantRef
from bot.domain.text import clean_text
from bot.domain.turn import Turn, TurnId, TurnTrace
from bot.engine.memory_export import plain
from bot.ports.storage import Storage
from bot.ports.system import Clock

SCHEMA = "ellie-tenant-export/1"

_STATED = frozenset(FactStatus) - {FactStatus.RETRACTED}
"""What was retracted should never have been a fact."""


class TenantExport:
    """Reads what the admins of a tenant may see of one person. May raise a StorageError."""

    def __init__(self, storage: Storage, *, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def of(
        self, account: IdentityRef, tenant: TenantRef, *, by: IdentityRef
    ) -> dict[str, Any] | None:
        """The document, ready to be written as JSON.

        None for somebody who said nothing in this tenant's channels, known elsewhere or not.
        """
        async with self._storage.unit_of_work() as work:
            person = await work.persons.find(account)
            if person is None:
                return None
            scope = Scope.in_tenant(person.id, tenant.id)
            turns = await work.turns.after(scope, 0)
            if not turns:
                return None
            facts = await work.facts.of(scope, _STATED)
            episodes = await work.episodes.of(scope)
            traces = await work.traces.of(scope)
            deliveries = await work.deliveries.of(scope)
            feedback = await work.feedback.of(scope)
        said = {turn.id for turn in turns}
        return {
            "schema": SCHEMA,
            "exported_at": self._clock.now().isoformat(),
            "exported_by": account_name(by),
            "tenant": tenant.id,
            "account": account_name(account),
            "turns": plain([_turn(turn) for turn in turns]),
            "facts": plain([*_present(_fact(fact, said) for fact in facts)]),
            "episodes": plain([*_present(_episode(episode, said) for episode in episodes)]),
            "traces": plain([_trace(trace) for trace in traces]),
            "deliveries": plain(deliveries),
            "feedback": plain(feedback),
        }


def _turn(turn: Turn) -> Mapping[str, Any]:
    return {
        "id": turn.id,
        "conversation_id": turn.conversation_id,
        "channel": turn.audience.channel,
        "visibility": turn.audience.visibility,
        "received_at": turn.received_at,
        "finished_at": turn.finished_at,
        "text": turn.text,
        "reply": turn.reply,
        "status": turn.status,
        "failure": turn.failure,
        "shown": turn.shown,
    }


def _fact(fact: Fact, said: Collection[TurnId]) -> Mapping[str, Any] | None:
    """A fact as far as it stands on what was said there; None when it does not."""
    evidence = tuple(one for one in fact.evidence if one.turn_id in said)
    if not evidence:
        return None
    shown: dict[str, Any] = {
        "id": fact.id,
        "kind": fact.kind,
        "slot": fact.slot,
        "topic": fact.topic,
        "value": fact.value,
        "text": fact.text,
        "source": fact.source,
        "evidence": evidence,
    }
    if len(evidence) < len(fact.evidence):
        # Its wording may be from elsewhere, so that only what was quoted there is told.
        shown["text"] = fact.text if _is_in(fact.text, evidence) else evidence[0].quote
        for name in ("value", "topic"):
            if not _is_in(shown[name] or "", evidence):
                shown[name] = None
    return shown


def _is_in(words: str, evidence: Iterable[Evidence]) -> bool:
    """Whether the words stand in a quote as they are."""
    return any(clean_text(words).rstrip(".!。！") in clean_text(one.quote) for one in evidence)


def _episode(episode: Episode, said: Collection[TurnId]) -> Mapping[str, Any] | None:
    """A summary without sentences that are also about something else; None without any."""
    sentences = tuple(
        one for one in episode.sentences if all(turn_id in said for turn_id in one.turn_ids)
    )
    if not sentences:
        return None
    return {
        "id": episode.id,
        "conversation_id": episode.conversation_id,
        "channel": episode.audience.channel,
        "began_at": episode.began_at,
        "ended_at": episode.ended_at,
        "sentences": sentences,
        "model": episode.model,
    }


def _trace(trace: TurnTrace) -> Mapping[str, Any]:
    return {
        "turn_id": trace.turn_id,
        "model": trace.model,
        "prompt_tokens": trace.prompt_tokens,
        "reply_tokens": trace.reply_tokens,
        "finish_reason": trace.finish_reason,
        "timings_ms": trace.timings_ms,
    }


def _present(found: Iterable[Mapping[str, Any] | None]) -> Iterable[Mapping[str, Any]]:
    return (one for one in found if one is not None)
