"""Looking at the pictures of a message while its turn goes on.

A message is stored with what is known of its pictures before anybody looks at them. Then each is
looked at, one after the other, and what was seen is stored with the turn as soon as it is known. A
reply waits for that a little, because the question may be about the picture; what takes longer
comes too late for the reply and is there for later ones.

The words are a model's. They are kept apart from what the person said: nothing is learned from
them, and prompts say whose they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.conversation import Scope
from bot.domain.shown import Picture, Shown
from bot.domain.surroundings import ALONE, FileText, Surroundings
from bot.domain.text import clean_text, shorten
from bot.engine.accepted import Accepted
from bot.engine.ledger import still_knows
from bot.engine.recall_cache import RecallCache
from bot.engine.reply import Reply
from bot.errors import ModelError, StorageError
from bot.log import bound, get_logger
from bot.memory.quarantine import reads_like_injection
from bot.memory.sketchpad import SEEN_CHARACTERS, as_seen
from bot.ports.sight import Sight
from bot.ports.storage import Storage

log = get_logger(__name__)

WAIT_SECONDS = 20.0
"""So long a reply waits for what is to be seen, from when its message was taken."""

MOST_PICTURES = 4
"""Of one message are looked at, and as many that it points to. Each takes seconds."""

_BRACKETS = str.maketrans('[]{}<>|"', "()()  /'")
"""What is to be seen stands between brackets, and a picture may show text with some of them."""


class Glance:
    """What is seen of one message, up to now."""

    def __init__(self, accepted: Accepted, surroundings: Surroundings = ALONE) -> None:
        self._accepted = accepted
        self._surroundings = surroundings
        self._looking: asyncio.Task[None] | None = None
        self._deadline = 0.0

    async def seen(self, reply: Reply) -> tuple[Accepted, Surroundings]:
        """The turn and what is around it, with all that was seen in time.

        Waits no longer when the person stops the reply.
        """
        left = self._deadline - asyncio.get_running_loop().time()
        if self._looking is not None and left > 0:
            stopped = asyncio.Event()
            reply.when_cancelled(stopped.set)
            stopping = asyncio.create_task(stopped.wait())
            waited_for = {self._looking, stopping}
            try:
                await asyncio.wait(waited_for, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()
        return self._accepted, self._surroundings

    # For those who look:

    def begin(self, looking: asyncio.Task[None], *, seconds: float) -> None:
        """Wait for ``looking``, but not longer than so many seconds from now."""
        self._looking = looking
        self._deadline = asyncio.get_running_loop().time() + seconds

    def add(self, shown: Shown, words: str) -> None:
        """Of what was shown with the message ``words`` are to be seen."""
        turn = self._accepted.turn
        turn = replace(turn, shown=with_description(turn.shown, shown, words))
        self._accepted = replace(self._accepted, turn=turn)

    def add_around(self, shown: Shown, words: str) -> None:
        """The same of something that the message points to; it is stored nowhere."""
        file = FileText(name=shown.name, text=as_seen(words))
        around = self._surroundings
        self._surroundings = replace(around, files=(*around.files, file))


class Looking:
    """Looks at pictures for turns. Owns a task for each message with pictures."""

    def __init__(
        self,
        sight: Sight,
        storage: Storage,
        recall: RecallCache,
        *,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._sight = sight
        self._storage = storage
        self._recall = recall
        self._wait_seconds = wait_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self, accepted: Accepted, pictures: Sequence[Picture], surroundings: Surroundings
    ) -> Glance:
        """Begin to look at the pictures of a message that was taken; returns at once."""
        glance = Glance(accepted, surroundings)
        if self._sight.sees and (pictures or surroundings.pictures):
            work = self._look(glance, accepted, pictures, surroundings.pictures)
            task = asyncio.create_task(work, name=f"look-{accepted.turn.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            glance.begin(task, seconds=self._wait_seconds)
        return glance

    async def stop(self) -> None:
        """Give up what is being looked at. Nothing may begin any more."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _look(
        self,
        glance: Glance,
        accepted: Accepted,
        pictures: Sequence[Picture],
        around: Sequence[Picture],
    ) -> None:
        with bound(turn=accepted.turn.id, person=accepted.turn.person_id):
            try:
                for picture in pictures[:MOST_PICTURES]:
                    if words := presentable(await self._sight.look(picture)):
                        await self._store(accepted, picture.shown, words)
                        glance.add(picture.shown, words)
                for picture in around[:MOST_PICTURES]:
                    if words := presentable(await self._sight.look(picture)):
                        glance.add_around(picture.shown, words)
            except (ModelError, StorageError) as error:
                log.warning("picture_not_seen", error=str(error))
            except Exception:
                # Whatever it is, the reply is written all the same: by the picture's name.
                log.exception("looking_failed")

    async def _store(self, accepted: Accepted, shown: Shown, words: str) -> None:
        """Keep what is to be seen, unless the turn or the picture went meanwhile.

        Nor when the person had anything forgotten meanwhile: it may have been just that.
        """
        if not accepted.is_stored:
            return
        async with self._storage.unit_of_work() as work:
            if not await still_knows(work, accepted):
                return
            person = await work.persons.find(accepted.author)
            if person is None:
                return
            turns = await work.turns.by_ids(Scope.in_private(person.id), [accepted.turn.id])
            if not turns:
                return
            described = with_description(turns[0].shown, shown, words)
            if described == turns[0].shown:
                return
            await work.turns.describe(person.id, turns[0].id, described)
            await work.commit()
        self._recall.reread(person.id, turns[0].number)


def with_description(all_shown: Sequence[Shown], one: Shown, words: str) -> tuple[Shown, ...]:
    """``all_shown`` with ``words`` as the description of the first that is exactly ``one``."""
    described = list(all_shown)
    if one in described:
        described[described.index(one)] = replace(one, description=words)
    return tuple(described)


def presentable(words: str) -> str:
    """What a model saw, as one short line; nothing where that reads like an order to Ellie.

    A picture may show any text, and a model may read it out.
    """
    line = " ".join(clean_text(words).split())
    if reads_like_injection(line):
        return ""
    return shorten(line.translate(_BRACKETS), SEEN_CHARACTERS)
