"""A faithful local Slack for tests: Web API, Socket Mode, signed HTTP, people who press things.

It knows nothing of the app under test and works with any client that lets its base url be chosen.
Its time stands still until ``SlackStandIn.advance`` moves it.
"""

from slack_stand_in.calling import Call
from slack_stand_in.delivering import Delivery
from slack_stand_in.errors import InvalidBlocksError, SlackError
from slack_stand_in.interacting import Interaction
from slack_stand_in.modals import SubmitResult
from slack_stand_in.models import Channel, Ephemeral, File, Message, User, View
from slack_stand_in.server import SlackStandIn
from slack_stand_in.team import Team

SlashResult = Interaction

__all__ = [
    "Call",
    "Channel",
    "Delivery",
    "Ephemeral",
    "File",
    "Interaction",
    "InvalidBlocksError",
    "Message",
    "SlackError",
    "SlackStandIn",
    "SlashResult",
    "SubmitResult",
    "Team",
    "User",
    "View",
]
