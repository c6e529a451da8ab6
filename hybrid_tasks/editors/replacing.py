"""Files of the user's that are added to: read once, and replaced completely or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hybrid_tasks.editors.places import Misread, line_of
from hybrid_tasks.errors import HybridError, WrongInput

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was found.

    Args:
        name: for people, below the project's directory.
        path: where it really is.
        data: what is in it, None when there is none.
        mode: who may read and write it.
    """

    name: str
    path: Path
    data: bytes | None = None
    mode: int = 0

    @property
    def text(self) -> str:
        """What is in it, without a byte order mark.

        Raises:
            WrongInput: it is not UTF-8.
        """
        data = self._bare
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            line = line_of(data[: error.start].decode("utf-8", "replace"), error.start)
            raise WrongInput(f"{self.name}:{line}: this is not UTF-8", "save it as UTF-8") from None

    @property
    def _bare(self) -> bytes:
        return (self.data or b"").removeprefix(BOM)

    def with_text(self, text: str) -> bytes:
        """Give what the file is to hold: the text, behind the byte order mark that was there."""
        return (BOM if (self.data or b"").startswith(BOM) else b"") + text.encode()

    def mistake(self, error: Misread) -> WrongInput:
        """Say what is wrong with it, and where."""
        line = line_of(self.text, error.offset)
        return WrongInput(f"{self.name}:{line}: {error.words}", "nothing was written; correct it and run this again")


def find(root: Path, name: str) -> Found:
    """Read a file of the project's; a link inside the project is followed.

    Args:
        root: the project's directory.
        name: of the file, below it.

    Raises:
        WrongInput: it leads out of the project, or is no file.
        HybridError: it cannot be read.
    """
    path = Path(os.path.realpath(root / name))
    if not path.is_relative_to(os.path.realpath(root)):
        words = f"`{name}` leads out of the project, to `{path}`"
        raise WrongInput(words, "nothing is written there; put a file of the project's in the place of the link")
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise WrongInput(f"`{name}` is not a file", "remove it")
            return Found(name, path, file.read(), stat.S_IMODE(about.st_mode))
    except FileNotFoundError:
        return Found(name, path)
    except IsADirectoryError:
        raise WrongInput(f"`{name}` is not a file", "remove it") from None
    except OSError as error:
        raise HybridError(f"cannot read `{name}`: {error.strerror}") from None


def replace(files: Iterable[tuple[Found, bytes]]) -> None:
    """Put new content in the place of files: all of it is on the disk before the first is replaced.

    Args:
        files: as they were found, with what they are to hold.

    Raises:
        HybridError: one of them was changed meanwhile, or cannot be written; it is as it was.
    """
    staged: list[tuple[Found, Path]] = []
    try:
        for found, data in files:
            fresh = found.path.with_name(f".{found.path.name}.{os.getpid()}")
            staged.append((found, fresh))
            _stage(found, fresh, data)
        for found, fresh in staged:
            try:
                now = found.path.read_bytes() if found.path.exists() else None
            except OSError as error:
                raise _unwritten(found, error) from None
            if now != found.data:
                raise HybridError(f"`{found.name}` was changed meanwhile", "run this again")
            try:
                fresh.replace(found.path)
            except OSError as error:
                raise _unwritten(found, error) from None
    finally:
        for _, fresh in staged:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)


def _stage(found: Found, fresh: Path, data: bytes) -> None:
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("xb") as file:
            if found.data is not None:
                os.fchmod(file.fileno(), found.mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritten(found, error) from None


def _unwritten(found: Found, error: OSError) -> HybridError:
    return HybridError(f"cannot write `{found.name}`: {error.strerror}", "`--dry-run` prints what would be in it")
