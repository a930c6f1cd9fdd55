"""A bundle in a zip, as the page and the dashboard save it: unpacked beside other things that can be made again."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
import zipfile
import zlib
from functools import cache
from pathlib import Path, PurePosixPath

from genre_lib.bundle.resources import derived_folder
from genre_lib.errors import BundleError

_CARD = "card.json"
# As on the page: what unpacks to more is no model.
_LARGEST_BYTES = 256 * 1024 * 1024
# What systems leave in folders that people zip.
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def unpacked(archive: Path) -> Path:
    """The folder of the bundle in a zip, unpacked if it is not yet.

    Only what lies beside the card is taken, and nothing leads out of the folder. What it holds is not checked here:
    `genre_lib.bundle.files.open_bundle` holds every file to the card.

    Parameters
    ----------
    archive : Path
        A file. Its contents decide where it is unpacked to, so that a zip that is saved anew is unpacked anew.

    Raises
    ------
    BundleError
        It is no zip, is damaged, holds no card, or would unpack to too much or to elsewhere.
    """
    try:
        with zipfile.ZipFile(archive) as packed, archive.open("rb") as file:
            wanted = _wanted(packed, archive)
            folder = _cache() / hashlib.file_digest(file, "sha256").hexdigest()[:32]
            if not _is_there(folder, wanted):
                _unpack(packed, wanted, folder)
            return folder
    except zipfile.BadZipFile as error:
        if not zipfile.is_zipfile(archive):
            with archive.open("rb") as file:
                if file.read(4) == b"PK\x03\x04":
                    raise BundleError(f"{archive} ends too early for a zip: save or fetch it again.") from None
            raise BundleError(f"{archive} is not a model: name a bundle's folder, or its zip.") from None
        raise BundleError(f"{archive} is damaged ({error}): save or fetch it again.") from error
    # A cut or changed member, a password, a packing that is unknown here.
    except (zlib.error, EOFError, RuntimeError, NotImplementedError, UnicodeError) as error:
        raise BundleError(f"{archive} cannot be unpacked ({error}): save or fetch it again.") from error
    except OSError as error:
        raise BundleError(f"{archive} cannot be unpacked ({error.strerror or error}): free some space, or unpack it "
                          "yourself and name the folder.") from error  # fmt: skip


def _wanted(packed: zipfile.ZipFile, archive: Path) -> dict[str, zipfile.ZipInfo]:
    """Members beside the card, by their path in the bundle."""
    members = [member for member in packed.infolist() if not member.is_dir()]
    cards = [member.filename for member in members if PurePosixPath(member.filename).name == _CARD]
    if not cards:
        raise BundleError(f"{archive} is not a model: there is no {_CARD} in it.")
    beside = min(cards, key=len).removesuffix(_CARD)
    found: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        name = member.filename.removeprefix(beside)
        if not member.filename.startswith(beside) or PurePosixPath(name).name in LITTER or name.startswith("__MACOSX/"):
            continue
        if name in found or "\\" in name or ":" in name or not all(part.strip(". ") for part in name.split("/")):
            raise BundleError(f"{archive} was not unpacked: {member.filename!r} in it is no name of a bundle's file.")
        found[name] = member
    if sum(member.file_size for member in found.values()) > _LARGEST_BYTES:
        raise BundleError(f"{archive} unpacks to more than {_LARGEST_BYTES >> 20} MB, too much for a model.")
    return found


def _unpack(packed: zipfile.ZipFile, wanted: dict[str, zipfile.ZipInfo], folder: Path) -> None:
    """All of it or nothing; where another process was first, its copy is as good."""
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, member in wanted.items():
            target = draft / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(member) as content, target.open("xb") as written:
                shutil.copyfileobj(content, written)
        draft.chmod(0o755)
        if folder.exists() and not _is_there(folder, wanted):
            shutil.rmtree(folder)
        try:
            draft.rename(folder)
        except OSError:
            if not _is_there(folder, wanted):
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _is_there(folder: Path, wanted: dict[str, zipfile.ZipInfo]) -> bool:
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return sizes == {name: member.file_size for name, member in wanted.items()}


@cache
def _cache() -> Path:
    """Where bundles are unpacked to; a folder of this process where nothing can be kept."""
    folder = derived_folder() / "bundles"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        lost = tempfile.mkdtemp(prefix="genre-bundles-")
        atexit.register(shutil.rmtree, lost, ignore_errors=True)
        return Path(lost)
