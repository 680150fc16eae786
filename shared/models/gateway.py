"""Models owned by the gateway: accounts, card PINs, sessions, login attempts, notices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, BigId, id_column, now


class Account(Base):
    """An account 账号 of a person. It opens only while the person has a duty or lives in a household here."""

    __tablename__ = "gateway_account"
    __table_args__ = (CheckConstraint("username = lower(username)", name="username_in_lower_case"),)

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("registry_person.id"), unique=True)
    # Unique in the deployment, so that logging in needs no choice of a township.
    username: Mapped[str] = mapped_column(String(40), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    # The password was given by an admin: its owner sets another one first.
    must_change: Mapped[bool] = mapped_column(default=False)
    # TOTP secret; it counts once its owner has shown a first code.
    totp_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None]
    # The 30-second step of the last code that was taken: a code opens once.
    totp_last_step: Mapped[int | None] = mapped_column(BigId)
    # Published password, no second factor; refused in production.
    is_demo: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)


class CardPin(Base):
    """The PIN 查询密码 of a household card: six digits, drawn at random."""

    __tablename__ = "gateway_card_pin"

    household_id: Mapped[int] = mapped_column(
        ForeignKey("registry_household.id"), primary_key=True, autoincrement=False
    )
    pin_hash: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime] = mapped_column(default=now)


class LoginSession(Base):
    """A login 登录. The cookie holds a random token, this table only its SHA-256: a copy of the table opens nothing."""

    __tablename__ = "gateway_session"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (household_id IS NULL)", name="of_an_account_or_a_card"),
    )

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("gateway_account.id", ondelete="CASCADE"), index=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("registry_household.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LoginAttempt(Base):
    """Something done that is limited: a login that has not succeeded, a look-up, an export; counted per subject."""

    __tablename__ = "gateway_login_attempt"
    __table_args__ = (Index("ix_gateway_login_attempt_subject_at", "subject", "at"),)

    id: Mapped[int] = id_column()
    # `account:<username>`, `card:<number>`, `address:<blind index of the address>` for logins; for other acts
    # `<act>:<actor>` of who is logged in, else `<act>:address:<blind index>`.
    subject: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class NoticeSource(Base):
    """What a notice tells of, and the highest version heard: an older message that comes later changes nothing."""

    __tablename__ = "gateway_notice_source"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    source_version: Mapped[int] = mapped_column(BigId)


class Notice(Base):
    """A notice 消息 to one person or one household."""

    __tablename__ = "gateway_notice"
    __table_args__ = (
        UniqueConstraint("recipient", "source", name="uq_gateway_notice_recipient_source"),
        Index("ix_gateway_notice_recipient_id", "recipient", "id"),
        Index(
            "ix_gateway_notice_unread",
            "recipient",
            postgresql_where=text("read_at IS NULL"),
            sqlite_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"), index=True)
    # `person:17` or `household:42`.
    recipient: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(ForeignKey("gateway_notice_source.source"), index=True)
    title: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    # A path of the gateway's pages.
    link: Mapped[str] = mapped_column(String(200), default="")
    urgent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]


class Opinion(Base):
    """An opinion 意见建议 about these pages, from anybody; read and answered by the township's admins."""

    __tablename__ = "gateway_opinion"
    __table_args__ = (
        CheckConstraint("text <> ''", name="says_something"),
        CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered_in_writing"),
        Index("ix_gateway_opinion_township_id_id", "township_id", "id"),
    )

    id: Mapped[int] = id_column()
    township_id: Mapped[int] = mapped_column(ForeignKey("registry_township.id"))
    # The form's key: a double tap is one opinion.
    key: Mapped[str] = mapped_column(String(64), unique=True)
    # The page that was open: a path of the gateway, without its query.
    page: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    # How its sender wants to be reached, encrypted; empty where nothing was left.
    contact_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=now)
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[int | None] = mapped_column(BigId)
    answered_at: Mapped[datetime | None]
