"""A table of songs as vectors: made from files and folders, resumed where it was killed, and read again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.finding import find_recordings
from genre_lib.batch.journal import Journal
from genre_lib.batch.parquet import network_of, write_embeddings
from genre_lib.batch.predict import Unusable, model_of_process, unusable_of
from genre_lib.batch.resumable import predict_into
from genre_lib.bundle.card import Card
from genre_lib.errors import BundleError, ParameterError
from genre_lib.executors import Executor, Progress
from genre_lib.utils.extras import require


@dataclass(frozen=True)
class Embedded:
    """What became of a batch of songs.

    Attributes
    ----------
    path : Path
        The table.
    n_songs : int
        Rows in it.
    n_new : int
        Songs that were heard now and not before.
    failed : tuple of Unusable
    """

    path: Path
    n_songs: int
    n_new: int
    failed: tuple[Unusable, ...]

    def __str__(self) -> str:
        failed = len(self.failed)
        return f"{self.path}: {self.n_songs} recordings, {self.n_new} heard now, {failed} could not be used"


def embed_into(
    path: str | Path,
    paths: Iterable[str | Path],
    *,
    model: str | Path | None = None,
    journal: str | Path | None = None,
    executor: Executor | None = None,
    retry: bool = False,
    progress: Progress | None = None,
) -> Embedded:
    """Hear recordings and write their vectors as a table; what the journal knows is not heard again.

    Parameters
    ----------
    path : str or Path
        Parquet with a row for each recording.
    paths : iterable of str or Path
        Recordings, and folders of them.
    model : str or Path, optional
        A bundle's folder; by default the pretrained one.
    journal : str or Path, optional
        By default the table's name with ``.journal`` after it.
    executor, retry, progress
        See `genre_lib.batch.resumable.predict_into`.

    Raises
    ------
    BundleError
        The bundle tells no features of its steps.
    ParameterError
        The table cannot be written.
    MissingDependencyError
        There is no pyarrow.
    """
    require("pyarrow", what="Parquet")
    heard = model_of_process(model)
    if not heard.n_features:
        raise BundleError(f"{heard.bundle.folder} tells no features of its steps: use `genre model rebuild` first.")
    found = find_recordings(paths)
    with Journal(journal or f"{path}.journal", heard.card) as known:
        news = predict_into(
            known, found.recordings, model=model, executor=executor, retry=retry, with_vector=True, progress=progress
        )
        n_new = sum(1 for _ in news)
        results = chain(unusable_of(found), known.results(found.recordings))
        failed = tuple(result for result in results if isinstance(result, Unusable))
        n_songs = write_embeddings(known.results(found.recordings), path, heard.card, heard.n_features)
    return Embedded(Path(path), n_songs, n_new, failed)


@dataclass(frozen=True, eq=False)
class SongVectors:
    """The table in memory.

    Attributes
    ----------
    paths : list of str
    vectors : np.ndarray [shape=(n_songs, n_features)]
    genres : list of str or None
        With the most time, also where unsure; None in silence.
    states : list of str
    """

    paths: list[str]
    vectors: NDArray[np.float32]
    genres: list[str | None]
    states: list[str]

    @classmethod
    def load(cls, path: str | Path, card: Card) -> Self:
        """Read what `embed_into` wrote.

        Raises
        ------
        ParameterError
            It is no such file, or another network's than the card's: their numbers have nothing to do with each other.
        MissingDependencyError
            There is no pyarrow.
        """
        require("pyarrow", what="Parquet")
        try:
            table = import_module("pyarrow.parquet").read_table(path)
            texts = [table[name].to_pylist() for name in ("path", "genre", "state")]
            embeddings = table["embedding"].combine_chunks()
            vectors = embeddings.flatten().to_numpy().reshape(len(table), embeddings.type.list_size)
            network = table.schema.metadata[b"network"].decode()
        # A missing file, another file, and another table: pyarrow's errors are OSError and ValueError too.
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ParameterError(
                f"{path} is no file of embeddings: make one with `genre embed FOLDER --out`."
            ) from error
        if network != network_of(card):
            raise ParameterError(
                f"{path} was made with another model than {card.name} {card.version}: name that one with --model, or "
                "run `genre embed` again."
            )
        paths, genres, states = texts
        return cls(paths, vectors, genres, states)
