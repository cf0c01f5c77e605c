"""Which other words a question may mean: general knowledge of everyday English and Chinese.

"What pets do I have?" and "I walked my dog" have no word in common. The groups of
:mod:`bot.memory.related_english` and :mod:`bot.memory.related_chinese` join them.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Mapping

from bot.memory import related_chinese, related_english
from bot.memory.terms import terms


def related_terms(term: str) -> frozenset[str]:
    """The terms that stand for ``term``; empty when nothing is known about it."""
    return _table().get(term, frozenset())


def prepare_related_terms() -> None:
    """Build what :func:`related_terms` looks up, which otherwise its first call does."""
    _table()


@functools.cache
def _table() -> Mapping[str, frozenset[str]]:
    table: defaultdict[str, set[str]] = defaultdict(set)
    for groups in (related_english.GROUPS, related_chinese.GROUPS):
        for line in groups.replace("\n    ", " ").splitlines():
            if line.startswith("#"):
                continue
            kind, _, members = line.partition(":")
            kinds, members_of_it = set(terms(kind)), set(terms(members))
            # Members of a kind are not joined: a cat is no answer to a question about a dog.
            pairs = itertools.chain(
                itertools.permutations(kinds, 2), itertools.product(kinds, members_of_it)
            )
            for one, other in pairs:
                if one != other:
                    table[one].add(other)
                    table[other].add(one)
    return {term: frozenset(others) for term, others in table.items()}
