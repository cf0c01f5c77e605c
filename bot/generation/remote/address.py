"""Where a model is served, and how a setting says so."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import UnknownModelError

_SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model of a server that speaks OpenAI's protocol.

    ``url`` is that of the protocol's root, such as ``http://gpu:8000/v1``, without a slash at the
    end. ``name`` is what the server calls the model; empty for the first one that it lists.
    """

    url: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.url}#{self.name}" if self.name else self.url

    @property
    def host(self) -> str:
        """The server's host, with the port if one is named."""
        return urlsplit(self.url).netloc

    @property
    def label(self) -> str:
        """What the model is called in traces, which people may read."""
        return self.name or self.host


def is_address(setting: str) -> bool:
    """Whether a model setting means a server."""
    return setting.strip().lower().startswith(_SCHEMES)


def parse_address(setting: str) -> RemoteModel:
    """Understand ``http://host:8000/v1`` or ``http://host:8000/v1#name-of-the-model``.

    Raises:
        UnknownModelError: it names no host, or holds what does not belong there.
    """
    try:
        parts = urlsplit(setting.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UnknownModelError(f"The model's address cannot be read ({error}). {_FORM}") from error
    if parts.scheme.lower() not in {"http", "https"} or not host:
        raise UnknownModelError(f"The model's address names no host. {_FORM}")
    if parts.username or parts.password or parts.query:
        # Not repeated: it holds a secret.
        raise UnknownModelError(
            f"The address of the model on {host} holds a user, a password or a query. Put the key "
            f"into ELLIE_MODEL_API_KEY, and leave the address bare. {_FORM}"
        )
    path = parts.path.rstrip("/")
    return RemoteModel(f"{parts.scheme.lower()}://{parts.netloc}{path}", parts.fragment.strip())


_FORM = "For example: http://localhost:8000/v1#name-of-the-model"
