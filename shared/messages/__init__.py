"""The messages that services send each other, one module per receiver. A message states, never increments."""

from shared.messages.base import MESSAGES, Message, UnreadableMessage, message_class

__all__ = ["MESSAGES", "Message", "UnreadableMessage", "message_class"]
