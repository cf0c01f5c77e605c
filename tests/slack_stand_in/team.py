"""A workspace with its people and the app that is installed in it."""

from __future__ import annotations

from slack_stand_in.interacting import Interacting
from slack_stand_in.modals import Modals
from slack_stand_in.talking import Talking


class Team(Talking, Interacting, Modals):
    """Everything that can be done in one workspace, and everything to be seen there."""

    def __repr__(self) -> str:
        return f"Team({self.id})"
