"""The upkeep of logins."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.gateway.limits.attempts import forget_old_attempts
from services.gateway.sessions.sessions import forget_expired_sessions
from shared.messages.gateway import ForgetLogins
from shared.messaging import receives


@receives(ForgetLogins)
def forget_logins(session: Session, message: ForgetLogins) -> None:
    """Delete sessions that are over and tries that count no more."""
    forget_expired_sessions(session)
    forget_old_attempts(session)
