"""What clients ask for, read from JSON. Fields that change nothing here are passed over."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.domain.generation import ChatMessage, Priority, Role
from bot.model_server.refusals import RefusalError, wrong

MAX_ASKER_LETTERS = 512

Asked = TypeVar("Asked", bound=BaseModel)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TextPart(_Frozen):
    """A piece of a message. There is no other kind: the model reads text."""

    type: Literal["text"]
    text: str


class AskedMessage(_Frozen):
    """One message of a prompt."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    @property
    def message(self) -> ChatMessage:
        """As Ellie's own."""
        role = Role.SYSTEM if self.role == "developer" else Role(self.role)
        if isinstance(self.content, str):
            return ChatMessage(role, self.content)
        return ChatMessage(role, "".join(part.text for part in self.content))


class StreamOptions(_Frozen):
    """How a stream is to look."""

    include_usage: bool = False


class AskedChat(_Frozen):
    """A call of ``/v1/chat/completions``.

    ``priority`` is vLLM's: 0 is somebody who waits, and above it is background work.
    """

    model: str | None = None
    messages: list[AskedMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(default=None, ge=0, le=2, allow_inf_nan=False)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    user: str | None = Field(default=None, max_length=MAX_ASKER_LETTERS)
    priority: int = 0

    @model_validator(mode="before")
    @classmethod
    def _can_be_done(cls, value: Any) -> Any:
        """Refuse what would be answered wrongly if it were passed over."""
        if not isinstance(value, dict):
            return value
        if value.get("n") not in (None, 1):
            raise ValueError("there is one reply to a request, so n can only be 1")
        for name in ("tools", "functions", "stop", "logprobs"):
            if value.get(name):
                raise ValueError(f"this server does not know {name}")
        form = value.get("response_format")
        if isinstance(form, dict) and form.get("type") not in (None, "text"):
            raise ValueError("the reply can only be text")
        return value

    @property
    def prompt(self) -> tuple[ChatMessage, ...]:
        """The messages as Ellie's own."""
        return tuple(asked.message for asked in self.messages)

    @property
    def token_limit(self) -> int | None:
        """How long the reply may become, if the client says so."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def rank(self) -> Priority:
        """Who goes first."""
        return Priority.BACKGROUND if self.priority > 0 else Priority.CHAT


class AskedTokens(_Frozen):
    """A call of ``/tokenize``: a whole prompt, or one text or several on their own."""

    model: str | None = None
    messages: list[AskedMessage] | None = None
    prompt: str | list[str] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> AskedTokens:
        if (self.messages is None) == (self.prompt is None):
            raise ValueError("give messages or a prompt")
        return self


class AskedLikelihoods(_Frozen):
    """A call of ``/v1/likelihoods``: of the prompts or of the replies there is only one."""

    model: str | None = None
    prompts: list[list[AskedMessage]] = Field(min_length=1)
    replies: list[str] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_side(self) -> AskedLikelihoods:
        if len(self.prompts) > 1 and len(self.replies) > 1:
            raise ValueError("give one prompt and several replies, or several prompts and one")
        return self


def read_as(kind: type[Asked], body: bytes) -> Asked:
    """What ``body`` asks for.

    Raises:
        RefusalError: it is no JSON, or asks for what cannot be done. The first thing that is wrong
            is said, without a word of what was sent.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _sentence(error) from None


def _sentence(error: ValidationError) -> RefusalError:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return wrong("The body is no JSON.")
    where = ".".join(str(step) for step in first["loc"])
    what = first["msg"].removeprefix("Value error, ")
    return wrong(f"{where}: {what}." if where else f"{what[:1].upper()}{what[1:]}.")
