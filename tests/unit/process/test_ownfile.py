"""Files of ours that something else stands for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hybrid_tasks.errors import HybridError
from hybrid_tasks.process.ownfile import opened


@pytest.mark.parametrize("what", ["link", "dangling link", "directory", "pipe"])
def test_sec_24_what_is_in_the_way_is_named_with_the_cure(tmp_path: Path, what: str) -> None:
    file, precious = tmp_path / "lock", tmp_path / "precious"
    if what == "link":
        precious.touch()
    if "link" in what:
        file.symlink_to(precious)
    elif what == "directory":
        file.mkdir()
    else:
        os.mkfifo(file)
    with pytest.raises(HybridError, match="not a file of ours") as wrong:
        opened(file, os.O_WRONLY)
    assert wrong.value.hint == f"remove it: rm {'-r ' if what == 'directory' else ''}{file}"
    assert precious.exists() == (what == "link")


def test_a_new_one_is_for_us_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        os.close(opened(tmp_path / "lock", os.O_RDWR))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600
