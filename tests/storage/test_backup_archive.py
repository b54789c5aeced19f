"""The file of a backup: any tar reads it, and ours reads nothing that we do not write."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.errors import BackupError
from supplynet.storage.backup_archive import ArchiveWriter
from supplynet.storage.backup_reader import Archive

CONTENTS = {"files/plant/lanes.csv": b"lane\n" * 500, "files/history/x.parquet": bytes(range(256))}


def made(contents: dict[str, bytes] = CONTENTS) -> bytes:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name, content in contents.items():
        writer.add(name, [content[:7], content[7:]], pack=name.endswith(".csv"))
    writer.finish({"books": "b"}, lambda _: "sign-1:abc")
    return file.getvalue()


def read(content: bytes) -> dict[str, bytes]:
    archive = Archive(io.BytesIO(content), "x.backup")
    return {name: b"".join(archive.read(name)) for name in archive.members}


def tar_of(*members: tuple[str, bytes, bytes], end: bytes = bytes(1024)) -> bytes:
    """A tar of (name, type, content), as somebody else may write it."""
    out = b""
    for name, kind, content in members:
        info = tarfile.TarInfo(name)
        info.type, info.size, info.linkname = kind, len(content), "/etc/passwd"
        out += info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)
    return out + end


def claimed(name: str, content: bytes, *, size: int | None = None, packed: bool = False) -> bytes:
    """A tar with one member of which the manifest says what it likes."""
    said = {
        "size": len(content) if size is None else size,
        "sha256": hashlib.sha256(content).hexdigest(),
        "packed": packed,
    }
    manifest = json.dumps({"format": 1, "members": {name: said}}).encode()
    stored = (name + ".gz", zlib.compress(content, wbits=31)) if packed else (name, content)
    return tar_of(
        (stored[0], tarfile.REGTYPE, stored[1]),
        ("manifest.json", tarfile.REGTYPE, manifest),
        ("manifest.sig", tarfile.REGTYPE, b"sign-1:abc"),
    )


def test_what_was_written_is_read() -> None:
    archive = Archive(io.BytesIO(made()), "x.backup")
    assert archive.manifest["books"] == "b"
    assert archive.signature == "sign-1:abc"
    assert archive.size == 2500 + 256
    assert read(made()) == CONTENTS


def test_any_tar_lists_and_unpacks_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(made())) as tar:
        assert tar.getnames() == [
            "files/plant/lanes.csv.gz",
            "files/history/x.parquet",
            "manifest.json",
            "manifest.sig",
        ]
        packed = tar.extractfile("files/plant/lanes.csv.gz")
        assert packed is not None
        assert zlib.decompress(packed.read(), wbits=31) == CONTENTS["files/plant/lanes.csv"]


def test_members_can_be_taken_back() -> None:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    writer.add("files/a", [b"1"], pack=True)
    mark = writer.mark()
    writer.add("files/b", [b"2"], pack=True)
    writer.back_to(mark)
    writer.add("files/c", [b"3"], pack=True)
    writer.finish({}, lambda _: "s:1")
    assert read(file.getvalue()) == {"files/a": b"1", "files/c": b"3"}


def test_a_member_that_fails_half_way_is_none() -> None:
    file = io.BytesIO()
    writer = ArchiveWriter(file)

    def failing() -> list[bytes]:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        writer.add("files/a", (chunk for _ in range(1) for chunk in failing()), pack=True)
    assert file.getvalue() == b""
    assert writer.names == ()


def test_long_names_are_kept_and_too_long_ones_refused() -> None:
    long = "files/signals/" + "x" * 130 + "/" + "y" * 90
    assert read(made({long: b"1"})) == {long: b"1"}
    with pytest.raises(BackupError, match="no name that a backup can hold"):
        made({"files/" + "x" * 300: b"1"})


FILE = ("files/a", tarfile.REGTYPE, b"1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cut off or no tar"),
        (b"not a backup at all" * 100, "cut off or no tar"),
        (made()[:-1], "end"),
        (made()[:-1024], "cut off"),
        (made() + b"more", "does not end as it should"),
        (made()[:2000], "cut off"),
        (tar_of(), "no manifest.json"),
        (tar_of(FILE, FILE), "there twice"),
        (tar_of(("files/a", tarfile.SYMTYPE, b"")), "no regular file"),
        (tar_of(("files/a", tarfile.LNKTYPE, b"")), "no regular file"),
        (tar_of(("files/a", tarfile.DIRTYPE, b"")), "no regular file"),
        (tar_of(("files/a", tarfile.CHRTYPE, b"")), "no regular file"),
        (tar_of(("files/a", tarfile.FIFOTYPE, b"")), "no regular file"),
        (tar_of(("x", tarfile.GNUTYPE_LONGNAME, b"files/b\0")), "no regular file"),
        (tar_of(("x", tarfile.XHDTYPE, b"18 path=/etc/cron\n")), "no regular file"),
        (tar_of(("../../etc/cron.d/x", tarfile.REGTYPE, b"1")), "no name"),
        (tar_of(("files/../../x", tarfile.REGTYPE, b"1")), "no name"),
        (tar_of(("/etc/passwd", tarfile.REGTYPE, b"1")), "no name"),
        (tar_of(("files//x", tarfile.REGTYPE, b"1")), "no name"),
        (tar_of(("files/./x", tarfile.REGTYPE, b"1")), "no name"),
        (tar_of(("C:\\x", tarfile.REGTYPE, b"1")), "no name"),
        (tar_of(("files/a\nb", tarfile.REGTYPE, b"1")), "no name"),
        (tar_of(FILE, ("manifest.json", tarfile.REGTYPE, b"{}")), "no manifest.sig"),
    ],
)
def test_what_we_do_not_write_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(BackupError, match=said):
        read(content)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"[]", "manifest cannot be read"),
        (b"{", "manifest cannot be read"),
        (b"[" * 100_000, "manifest cannot be read"),
        (b'{"format": 1}', "manifest cannot be read"),
        (b'{"format": 9, "members": {}}', "newer SupplyNet"),
        (b'{"format": 1, "members": {}}', "does not hold what its manifest says"),
        (b'{"format": 1, "members": {"../x": {"size": 1}}}', "manifest cannot be read"),
        (
            b'{"format": 1, "members": {"files/a": {"size": -1, "sha256": "%s", "packed": false}}}'
            % (b"0" * 64),
            "manifest cannot be read",
        ),
    ],
)
def test_a_manifest_that_does_not_describe_it_is_refused(manifest: bytes, said: str) -> None:
    told = ("manifest.json", tarfile.REGTYPE, manifest)
    with pytest.raises(BackupError, match=said):
        read(tar_of(FILE, told, ("manifest.sig", tarfile.REGTYPE, b"s:1")))


def test_a_member_with_a_name_that_leaves_its_folder_is_refused_in_the_manifest_too() -> None:
    with pytest.raises(BackupError, match="no name"):
        read(claimed("../x", b"1"))


def test_no_more_is_unpacked_than_was_declared() -> None:
    bomb = claimed("files/a", bytes(50_000_000), size=1000, packed=True)
    assert len(bomb) < 100_000
    chunks = Archive(io.BytesIO(bomb), "x.backup").read("files/a")
    with pytest.raises(BackupError, match="larger than the 1,000 bytes declared"):
        next(chunks)


def test_a_member_that_was_changed_is_refused() -> None:
    good = claimed("files/a", b"12345")
    assert read(good) == {"files/a": b"12345"}
    with pytest.raises(BackupError, match="not what was backed up"):
        read(good.replace(b"12345", b"12340"))


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_no_flipped_bit_changes_what_is_read(place: int, bit: int) -> None:
    content = bytearray(made())
    content[place % len(content)] ^= 1 << bit
    try:
        found = read(bytes(content))
    except BackupError:
        return
    assert found == CONTENTS  # padding, and what is said of signer and books, which is signed


def test_a_file_that_is_replaced_while_it_is_read_stays_whole(tmp_path: Path) -> None:
    from supplynet.storage.backup_archive import chunks_of

    file = tmp_path / "x"
    file.write_bytes(b"old" * 1_000_000)
    chunks = chunks_of(file)
    first = next(chunks)
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "new").replace(file)
    assert first + b"".join(chunks) == b"old" * 1_000_000
