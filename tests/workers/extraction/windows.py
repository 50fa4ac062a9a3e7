"""Windows to read, without a database."""

from uuid import UUID

from domain.window import ChatLine, ChatWindow


def window(*said: str) -> ChatWindow:
    """One line a message; '< ' begins one of ours."""
    lines = (
        ChatLine(f"m{place}", not text.startswith("< "), text.removeprefix("< ")) for place, text in enumerate(said)
    )
    return ChatWindow(UUID(int=1), tuple(lines))
