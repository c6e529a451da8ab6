"""File systems without events, found by their mount."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_tasks.engine.mounts import silent_mounts

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:20 / /proc rw - proc proc rw
30 22 0:33 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync
31 22 0:34 / /home/me/share rw - virtiofs share rw
32 22 0:35 / /home/me/with\\040space rw - cifs //server/x rw
33 22 0:36 / /srv/nfs rw shared:7 master:2 - nfs4 server:/x rw
34 33 254:1 / /srv/nfs/local rw - ext4 /dev/vdb rw
35 22 0:37 / /home/me/remote rw - fuse.sshfs me@x: rw
36 22 254:2 / /home/me/disk rw - fuseblk /dev/sdb1 rw
37 22 0:38 / /over rw - overlay overlay rw
38 22 0:39 / /data rw - ext4 /dev/vdc rw
39 22 0:40 / /data rw - nfs server:/over-it rw
truncated line
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("root", "found"),
    [
        ("/home/me/project", {}),
        ("/mnt/c/Users/me/project", {"/mnt/c/Users/me/project": "9p"}),
        ("/mnt/c", {"/mnt/c": "9p"}),
        ("/mnt/cd", {}),
        ("/home/me", {"/home/me/share": "virtiofs", "/home/me/with space": "cifs", "/home/me/remote": "fuse.sshfs"}),
        ("/home/me/with space/x", {"/home/me/with space/x": "cifs"}),
        ("/srv/nfs/x", {"/srv/nfs/x": "nfs4"}),
        ("/srv/nfs/local/x", {}),
        ("/home/me/disk/x", {}),
        ("/over/x", {}),
        ("/data/x", {"/data/x": "nfs"}),
    ],
)
def test_what_must_be_polled(table: Path, root: str, found: dict[str, str]) -> None:
    assert silent_mounts([root], table) == found


def test_a_root_that_is_a_link_is_judged_by_where_it_leads(table: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/mnt/c/project")
    assert silent_mounts([str(link)], table) == {str(link): "9p"}


@pytest.mark.parametrize("content", [None, "", "nonsense\n\n - \n"])
def test_without_a_readable_table_nothing_is_polled(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "none"
    if content is not None:
        path.write_text(content)
    assert silent_mounts(["/home"], path) == {}


def test_the_table_of_this_machine_is_understood(tmp_path: Path) -> None:
    assert isinstance(silent_mounts([str(tmp_path)]), dict)
