"""The disk for files: a part of it stays free, so that a flood of uploads never stops everything else."""

from __future__ import annotations

import errno
import shutil

from shared.errors import NoRoom
from shared.logging import get_logger
from shared.settings import settings
from shared.topology import Service

log = get_logger(__name__)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NEARLY_FULL = "服务器的磁盘快满了，现在不能上传文件，别的事情都照常办。请告诉运维人员腾出空间，再上传一次。"
_NO_MORE = "服务器存放文件的磁盘满了，文件没有保存，别的内容不受影响。请告诉运维人员腾出空间，再上传一次。"


def require_room(service: Service, size: int) -> None:
    """Raise NoRoom where a file of `size` bytes would leave less than the spare space on its service's disk.

    It may lie there twice: as it is received, and as it is kept.
    """
    spare = settings().spare_bytes
    if not spare:
        return
    folder = settings().data_dir / "files" / service.value
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free - 2 * size < spare:
        log.error("disk_nearly_full", free=free, spare=spare, folder=str(folder))
        raise NoRoom(_NEARLY_FULL)


def refusal_of(error: OSError) -> Exception:
    """A full disk (or a quota, or a limit of the process) in words; any other error as it is."""
    if error.errno not in _FULL:
        return error
    log.error("disk_full", error=repr(error))
    return NoRoom(_NO_MORE)
