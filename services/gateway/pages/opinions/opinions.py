"""Opinions 意见建议: taken from anybody, read and answered by the township's admins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared import audit
from shared.errors import Conflict, Invalid, NotFound, TooMany
from shared.identity import Principal
from shared.models.base import now
from shared.models.gateway import Opinion
from shared.privacy import field_cipher
from shared.topology import Service

_LONGEST = 2000
# Anybody may write without login, so a flood is held back for the whole township.
_PER_HOUR = 200


def send_opinion(session: Session, actor: Principal, *, key: str, page: str, text: str, contact: str) -> Opinion:
    """Keep an opinion about `page`; the same key again is the same opinion. Raises Invalid, TooMany."""
    known = session.scalar(select(Opinion).where(Opinion.key == key))
    if known is not None:
        return known
    words = text.strip()
    if not words:
        raise Invalid("请先写一句您的意见。", errors={"text": ["请先写一句您的意见。"]})
    if len(words) > _LONGEST:
        sentence = f"最多写 {_LONGEST} 个字，现在是 {len(words)} 个，请写短一些。"
        raise Invalid(sentence, errors={"text": [sentence]})
    recent = select(func.count()).where(
        Opinion.township_id == actor.township_id, Opinion.created_at > now() - timedelta(hours=1)
    )
    if (session.scalar(recent) or 0) >= _PER_HOUR:
        raise TooMany("这一小时收到的意见太多，请过一会儿再送，或直接打乡镇的电话。", retry_after=3600)
    opinion = Opinion(
        township_id=actor.township_id,
        key=key,
        page=page.split("?")[0][:200],
        text=words,
        contact_encrypted=field_cipher(Service.GATEWAY).encrypt(contact.strip()[:100]) if contact.strip() else None,
        made_by=actor.actor,
    )
    session.add(opinion)
    session.flush()
    audit.record(session, actor, "send_opinion", "opinion", opinion.id)
    return opinion


def open_opinions(session: Session, actor: Principal, limit: int) -> Sequence[Opinion]:
    """Opinions without an answer, the oldest first."""
    return session.scalars(
        select(Opinion)
        .where(Opinion.township_id == actor.township_id, Opinion.answered_at.is_(None))
        .order_by(Opinion.id)
        .limit(limit)
    ).all()


def opinion_of(session: Session, actor: Principal, opinion_id: int) -> Opinion:
    """An opinion of the actor's township. Raises NotFound."""
    opinion = session.scalar(select(Opinion).where(Opinion.id == opinion_id, Opinion.township_id == actor.township_id))
    if opinion is None:
        raise NotFound("没有这条意见。")
    return opinion


def contact_of(session: Session, actor: Principal, opinion: Opinion) -> str:
    """How the sender wants to be reached; the opening is audited."""
    if opinion.contact_encrypted is None:
        return ""
    audit.record(session, actor, "open_contact", "opinion", opinion.id, purpose="回复意见")
    return field_cipher(Service.GATEWAY).decrypt(opinion.contact_encrypted)


def answer_opinion(session: Session, actor: Principal, opinion_id: int, answer: str) -> Opinion:
    """Write down what was done about it. Raises NotFound, Invalid, Conflict."""
    opinion = opinion_of(session, actor, opinion_id)
    if opinion.answered_at is not None:
        raise Conflict("这条意见已经答复过了。")
    if not answer.strip():
        raise Invalid("请写明怎么处理的。", errors={"answer": ["请写明怎么处理的。"]})
    opinion.answer = answer.strip()
    opinion.answered_by = actor.person_id
    opinion.answered_at = now()
    audit.record(session, actor, "answer_opinion", "opinion", opinion.id)
    return opinion
