"""Parquet tables of a batch: one row a recording, and one row a step.

Columns of `write_rows` (as in CSV): path (string), state (string: music, probable, mixed, unsure, silence), genre
(string, null in silence), probability (double, of that genre), duration_s (double), one column for each genre (double,
its share of the recording), error (string); a recording without an answer has nulls in all but path and error.

Columns of `write_embeddings`: path, state and genre (string), duration_s (double), embedding (list of float of fixed
length: the recording's vector); recordings without an answer have no row. Its metadata say which network it is of.

Columns of `write_curves`: path (string), time_s (double, centre of what the step heard), state (string), genre (string,
null in silence), level_dbfs (float), one column for each genre (float, the belief that is shown), raw_state (string)
and `raw_` with each genre (float, the step alone).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from genre_lib.audio.files import utf8
from genre_lib.batch.columns import row_cells, row_columns, step_columns
from genre_lib.batch.predict import Prediction, Result
from genre_lib.bundle.card import Card
from genre_lib.bundle.files import LITERT
from genre_lib.errors import MissingDependencyError, ParameterError
from genre_lib.utils.atomic import replaced_file
from genre_lib.utils.extras import needs

_ROWS_AT_ONCE = 1000
_CURVES_AT_ONCE = 100


def write_rows(results: Iterable[Result], path: str | Path, card: Card) -> int:
    """Write one row a recording and return how many; memory does not grow with their number.

    Raises
    ------
    ParameterError
        The file cannot be written.
    MissingDependencyError
        There is no pyarrow.
    """
    arrow = _pyarrow()
    text, number = arrow.string(), arrow.float64()
    texts = {"path", "state", "genre", "error", "warning"}
    schema = arrow.schema([(name, text if name in texts else number) for name in row_columns(card.genres)])
    return _write(results, Path(path), _with_model(schema, card), _ROWS_AT_ONCE, _row_columns)


def write_curves(results: Iterable[Result], path: str | Path, card: Card) -> int:
    """Write one row a step and return how many; recordings without an answer have none. Raises as `write_rows`."""
    arrow = _pyarrow()
    text, small = arrow.string(), arrow.float32()
    shown, raw = step_columns(card.genres)
    fields = [("path", text), ("time_s", arrow.float64()), ("state", text), ("genre", text), ("level_dbfs", small)]
    fields += [*((name, small) for name in shown), ("raw_state", text), *((name, small) for name in raw)]
    schema = arrow.schema(fields)
    answered = (result for result in results if isinstance(result, Prediction))
    return _write(answered, Path(path), _with_model(schema, card), _CURVES_AT_ONCE, _step_columns)


def write_embeddings(results: Iterable[Result], path: str | Path, card: Card, n_features: int) -> int:
    """Write one row a recording that has a vector, and return how many. Raises as `write_rows`."""
    arrow = _pyarrow()
    text = arrow.string()
    fields = [("path", text), ("state", text), ("genre", text), ("duration_s", arrow.float64())]
    schema = arrow.schema([*fields, ("embedding", arrow.list_(arrow.float32(), n_features))])
    schema = schema.with_metadata({"model": f"{card.name} {card.version}", "network": network_of(card)})
    kept = (r for r in results if isinstance(r, Prediction) and r.song_vector is not None)
    return _write(kept, Path(path), schema, _ROWS_AT_ONCE, _embedding_columns)


def network_of(card: Card) -> str:
    """What tells whose features two embeddings are of: only those of one network can be compared."""
    return card.files[LITERT].sha256


def _embedding_columns(results: list[Result], names: list[str]) -> dict[str, list[Any]]:
    rows = []
    for result in results:
        assert isinstance(result, Prediction)
        answer = result.curve.answer()
        row = {"path": utf8(str(result.path)), "state": answer.state, "genre": answer.genre}
        rows.append(row | {"duration_s": result.curve.duration_s, "embedding": result.song_vector})
    return {name: [row[name] for row in rows] for name in names}


def _row_columns(results: list[Result], names: list[str]) -> dict[str, list[Any]]:
    rows = [row_cells(result.to_dict()) for result in results]
    for row in rows:
        row["path"] = utf8(row["path"])
    return {name: [row.get(name) for row in rows] for name in names}


def _step_columns(results: list[Result], names: list[str]) -> dict[str, Any]:
    import numpy as np

    curves = [(result.path, result.curve) for result in results if isinstance(result, Prediction)]
    lengths = [len(curve.times) for _, curve in curves]
    beliefs = [curve.belief for _, curve in curves]
    shown = np.concatenate([belief.probabilities for belief in beliefs])
    state = np.concatenate([belief.state for belief in beliefs]).astype(object)
    raw = np.concatenate([curve.probabilities for _, curve in curves])
    genres = np.array(curves[0][1].genres, object)
    leaders = genres[shown.argmax(axis=1)]
    leaders[state == "silence"] = None
    shown_names, raw_names = step_columns(curves[0][1].genres)
    columns: dict[str, Any] = {
        "path": np.repeat(np.array([utf8(str(path)) for path, _ in curves], object), lengths),
        "time_s": np.concatenate([curve.times for _, curve in curves]),
        "state": state,
        "genre": leaders,
        "level_dbfs": _or_null(np.concatenate([curve.level for _, curve in curves]).astype(np.float32)),
        **dict(zip(shown_names, shown.astype(np.float32).T, strict=True)),
        "raw_state": np.concatenate([curve.state for _, curve in curves]).astype(object),
        **dict(zip(raw_names, raw.astype(np.float32).T, strict=True)),
    }
    return {name: columns[name] for name in names}


def _or_null(values: Any) -> Any:
    return _pyarrow().array(values, mask=~(abs(values) < float("inf")))


def _write(
    results: Iterable[Result],
    path: Path,
    schema: Any,
    at_once: int,
    columns: Callable[[list[Result], list[str]], dict[str, Any]],
) -> int:
    arrow, n_rows = _pyarrow(), 0
    remaining = iter(results)
    with output_file(path) as draft, import_module("pyarrow.parquet").ParquetWriter(draft, schema) as writer:
        while group := list(islice(remaining, at_once)):
            table = arrow.table(columns(group, schema.names), schema=schema)
            writer.write_table(table)
            n_rows += len(table)
    return n_rows


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """As `genre_lib.utils.atomic.replaced_file`; a ParameterError where it cannot be written."""
    try:
        with replaced_file(path) as draft:
            yield draft
    except OSError as error:
        raise ParameterError(f"{path} cannot be written ({error.strerror or error}): choose another file.") from error


def _with_model(schema: Any, card: Card) -> Any:
    return schema.with_metadata({"model": f"{card.name} {card.version}"})


def _pyarrow() -> Any:
    try:
        return import_module("pyarrow")
    except ImportError as error:
        raise MissingDependencyError(needs("pyarrow", "cluster", "Parquet")) from error
