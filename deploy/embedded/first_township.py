"""Ask for the first township of a new system and its first admin, on the terminal or from the environment.

python -m deploy.embedded.first_township

Without a terminal: TOWNSHIP_NAME, TOWNSHIP_CODE, ADMIN_NAME, ADMIN_USERNAME, ADMIN_PASSWORD.
"""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from deploy.embedded.refusal import in_words
from services.gateway.accounts.accounts import clean_username, create_first_admin_account
from services.gateway.accounts.passwords import require_good_password
from shared.calendar import today
from shared.database import Database
from shared.errors import DomainError
from shared.models.registry import Duty, DutyKind, Person, Township
from shared.privacy import pinyin_of
from shared.settings import settings_at_start
from shared.topology import Service

_CODE = re.compile(r"\d{9}")


@dataclass(frozen=True, slots=True)
class FirstTownship:
    """What a new system is asked for. `code` is the 9-digit statistical code."""

    name: str
    code: str
    admin_name: str
    username: str
    password: str


class Refused(Exception):
    """Raised with the sentence that says what is wrong with an answer."""


def make_township(session: Session, answers: FirstTownship) -> Township:
    """Insert the township, its first admin with the duty, and the account. Raises Refused or Invalid."""
    check_name(answers.name, "乡镇名称")
    check_name(answers.admin_name, "管理员姓名")
    check_code(answers.code)
    if session.scalar(select(Township.id).limit(1)) is not None:
        raise Refused("这个系统里已经有乡镇了。")
    township = Township(code=answers.code, name=answers.name.strip())
    session.add(township)
    session.flush()
    full, initials = pinyin_of(answers.admin_name.strip())
    admin = Person(township_id=township.id, name=answers.admin_name.strip(), pinyin=full, initials=initials)
    session.add(admin)
    session.flush()
    session.add(
        Duty(
            township_id=township.id,
            person_id=admin.id,
            kind=DutyKind.ADMIN,
            title="乡镇管理员",
            valid_from=today(),
        )
    )
    create_first_admin_account(
        session, township_id=township.id, person_id=admin.id, username=answers.username, password=answers.password
    )
    return township


def check_name(name: str, what: str) -> None:
    if not 1 <= len(name.strip()) <= 60:
        raise Refused(f"{what}要 1 到 60 个字。")


def check_code(code: str) -> None:
    if not _CODE.fullmatch(code.strip()) or not code.isascii():
        raise Refused("乡镇统计代码是 9 位数字，例如 431230203（国家统计局统计用区划代码的前 9 位）。")


def from_environment() -> FirstTownship:
    """The answers of a start without a terminal. Raises Refused naming the variables that are missing."""
    environ = os.environ
    answers = {
        "TOWNSHIP_NAME": environ.get("TOWNSHIP_NAME", ""),
        "TOWNSHIP_CODE": environ.get("TOWNSHIP_CODE", ""),
        "ADMIN_NAME": environ.get("ADMIN_NAME", ""),
        "ADMIN_USERNAME": environ.get("ADMIN_USERNAME", ""),
        "ADMIN_PASSWORD": environ.get("ADMIN_PASSWORD", ""),
    }
    missing = [name for name, value in answers.items() if not value]
    if missing:
        raise Refused(f"没有终端可以提问，请先设置环境变量 {', '.join(missing)}。Set these variables first.")
    return FirstTownship(*answers.values())


def from_terminal() -> FirstTownship:
    """Ask, and ask again until each answer can be used."""
    print("新系统：请填写乡镇和第一位管理员。村、人员、积分细则以后在网页里录入或导入。")
    name = _ask("乡镇名称（例如 大高坪苗族乡）：", lambda text: check_name(text, "乡镇名称"))
    code = _ask("乡镇统计代码（9 位）：", check_code)
    admin = _ask("管理员姓名：", lambda text: check_name(text, "管理员姓名"))
    username = _ask("登录账号：", clean_username)
    while True:
        password = _ask(
            "登录密码（至少 10 个字符，输入时不显示）：",
            lambda text: require_good_password(text, username),
            hidden=True,
        )
        if getpass.getpass("再输入一次密码：") == password:
            return FirstTownship(name, code, admin, username, password)
        print("两次不一样，请重新输入。")


def _ask(question: str, check: Callable[[str], object], *, hidden: bool = False) -> str:
    while True:
        answer = getpass.getpass(question) if hidden else input(question).strip()
        try:
            check(answer)
        except (Refused, DomainError) as reason:
            print(reason)
        else:
            return answer


def main() -> int:
    """Make the township; exit code 1 with one sentence when it can't be made."""
    try:
        answers = from_terminal() if sys.stdin.isatty() else from_environment()
        database = Database(settings_at_start().database_url, Service.GATEWAY)
        with database.transaction() as session:
            township = make_township(session, answers)
            name, code = township.name, township.code
        database.dispose()
    except (Refused, DomainError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        print(in_words(error), file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("\n没有填完，什么也没有保存。Nothing was saved.", file=sys.stderr)
        return 1
    print(f"已建立 {name}（{code}），请用 {answers.username} 登录。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
