"""Fetching GTZAN: a choice of mirrors, each with what must come from it; resumable; checked before it is unpacked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pooch
import requests

from genre_lib.bundle import resources
from genre_lib.datasets.archives import unpack_tar
from genre_lib.errors import CacheError, DataSetError, ParameterError
from genre_lib.executors import Progress

_TIMEOUT_S = 30.0
_BLOCK = 2**16


@dataclass(frozen=True)
class Mirror:
    """A place that holds an archive of the collection.

    Attributes
    ----------
    url : str
    known_hash : str or None
        ``ALGORITHM:DIGEST`` of the archive; None where `pointer_url` gives it.
    pointer_url : str or None
        Git LFS pointer of the archive at a fixed commit: names its SHA-256.
    """

    url: str
    known_hash: str | None = None
    pointer_url: str | None = None


# 1,225,571,541 bytes; SHA-256 as in tensorflow_datasets (audio/gtzan/checksums.tsv). mirdata and torchaudio know the
# same URL by its MD5, 5b3d6dddb579ab49814ab86dba69e7c7.
_ORIGINAL_HASH = "sha256:24347e0223d2ba798e0a558c4c172d9d4a19c00bb7963fe055d183dadb4ef2c6"
_ORIGINAL_URL = "http://opihi.cs.uvic.ca/sound/genres.tar.gz"

# The archive was packed anew there (1,226,192,050 bytes), so that the hash of the original does not apply; no second
# source for its own is known. The commit is fixed, and its pointer names the hash.
_HUB = "https://huggingface.co/datasets/marsyas/gtzan"
_HUB_COMMIT = "7031b102fce5383cfdfa12714eaf42065e82b855"

MIRRORS: Mapping[str, Mirror] = {
    "huggingface": Mirror(
        f"{_HUB}/resolve/{_HUB_COMMIT}/data/genres.tar.gz",
        pointer_url=f"{_HUB}/raw/{_HUB_COMMIT}/data/genres.tar.gz",
    ),
    "webarchive": Mirror(f"https://web.archive.org/web/20220328223413id_/{_ORIGINAL_URL}", _ORIGINAL_HASH),
    "original": Mirror(_ORIGINAL_URL, _ORIGINAL_HASH),
}
"""In the order in which they are tried; the original has mostly been out of reach since 2022."""


def fetch_gtzan(
    folder: str | Path | None = None,
    *,
    mirrors: Sequence[str] | None = None,
    known_mirrors: Mapping[str, Mirror] = MIRRORS,
    progress: Progress | None = None,
) -> Path:
    """Fetch GTZAN and unpack it; what is there already is left alone, a download that broke off goes on.

    Parameters
    ----------
    folder : str or Path, optional
        Where the data set shall lie; by default where ``open_data_set("gtzan")`` looks for it.
    mirrors : sequence of str, optional
        Names of `known_mirrors` to try, in order; by default all of them.
    known_mirrors : mapping of str to Mirror
        A laboratory's own mirror can be given here.
    progress : callable, optional
        Called with (bytes fetched, bytes in all or None).

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataSetError
        No mirror gave the right archive; the message says why for each.
    CacheError
        The disk is full.
    ParameterError
        An unknown mirror.
    """
    folder = Path(folder or resources.raw_folder() / "gtzan")
    if folder.is_dir():
        return folder
    names = list(mirrors or known_mirrors)
    for name in names:
        if name not in known_mirrors:
            raise ParameterError(f"There is no mirror {name!r}: choose from {', '.join(known_mirrors)}.")
    failures = []
    for name in names:
        try:
            archive = _fetch(known_mirrors[name], folder.parent, progress)
        except (requests.RequestException, ValueError, DataSetError) as error:
            failures.append(f"{name}: {_short(error)}")
            continue
        except OSError as error:
            raise CacheError(f"The archive cannot be written to {folder.parent} ({error}): free some space.") from error
        unpack_tar(archive, folder)
        archive.unlink()
        return folder
    raise DataSetError(
        f"GTZAN could not be fetched ({'; '.join(failures)}): try again later, or put a copy of your own into a folder "
        "and name it as gtzan:FOLDER."
    )


def _fetch(mirror: Mirror, folder: Path, progress: Progress | None) -> Path:
    known_hash = mirror.known_hash or _hash_from_pointer(str(mirror.pointer_url))
    name = f"gtzan-{hashlib.sha256(known_hash.encode()).hexdigest()[:12]}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    # Where it comes from is told by progress and errors.
    pooch.get_logger().setLevel("WARNING")
    download = _resuming(folder / f"{name}.part", progress)
    return Path(pooch.retrieve(mirror.url, known_hash, fname=name, path=folder, downloader=download))


def _hash_from_pointer(url: str) -> str:
    answer = requests.get(url, timeout=_TIMEOUT_S)
    answer.raise_for_status()
    for line in answer.text[:1000].splitlines():
        if line.startswith("oid sha256:"):
            return line.removeprefix("oid ").strip()
    raise DataSetError("its pointer names no checksum")


def _resuming(unfinished: Path, progress: Progress | None) -> Callable[[str, Any, Any], None]:
    """A downloader for pooch that keeps what came before the line broke, and asks only for the rest."""

    def download(url: str, output_file: Any, _pooch: Any) -> None:
        start = unfinished.stat().st_size if unfinished.is_file() else 0
        headers = {"Range": f"bytes={start}-", "Accept-Encoding": "identity"} if start else {}
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                # Nothing is left to fetch, or the file is longer than the mirror's: the checksum decides.
                os.replace(unfinished, output_file)
                return
            answer.raise_for_status()
            if answer.status_code != requests.codes.partial_content:
                start = 0
            length = answer.headers.get("Content-Length")
            total = start + int(length) if length else None
            done = start
            with unfinished.open("ab" if start else "wb") as file:
                for block in answer.iter_content(_BLOCK):
                    file.write(block)
                    done += len(block)
                    if progress is not None:
                        progress(done, total)
        if total is not None and done < total:
            raise requests.ConnectionError(f"the line broke after {done} of {total} bytes, run again to go on")
        os.replace(unfinished, output_file)

    return download


def _short(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    text = str(error)
    if isinstance(error, ValueError) and "hash" in text:
        return "sent a file with another checksum"
    if isinstance(error, requests.ConnectionError) and "line broke" not in text:
        return "could not be reached"
    return text.splitlines()[0]
