"""待办: what is asked of me, oldest first; one tap opens the act itself."""

from services.gateway.pages.todo.registry import Ask, AskGroup, ask_source, asks_of

__all__ = ["Ask", "AskGroup", "ask_source", "asks_of"]
