"""Tables as spreadsheets write them are read, or refused with what was found."""

from pathlib import Path

import pytest

from genre_lib.datasets.manifest import open_manifest, write_manifest
from genre_lib.errors import DataSetError


def tracks(tmp_path: Path, content: str | bytes) -> list[tuple[str, str | None, str | None]]:
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = open_manifest(path).tracks
    assert all(track.path is not None and track.path.parent == tmp_path for track in found)
    return [(track.path.name, track.genre, track.group) for track in found if track.path is not None]


PLAIN = [("a one.wav", "rock", "The Band"), ("b.wav", "jazz", None)]


@pytest.mark.parametrize(
    "content",
    [
        "path,genre,group\na one.wav,rock,The Band\nb.wav,jazz,\n",
        "path;genre;group\na one.wav;rock;The Band\nb.wav;jazz;\n",
        "path\tgenre\tgroup\r\na one.wav\track\tThe Band\r\nb.wav\tjazz\r\n".replace("\track", "\trock"),
        "path, genre, group\na one.wav, rock, The Band\nb.wav, jazz,\n",
        " Path , GENRE ,Artist\na one.wav,rock,The Band\nb.wav,jazz,\n",
        '"path","genre","group"\n"a one.wav", "rock", "The Band"\n"b.wav","jazz",""\n',
        "\ufeffpath,genre,group\na one.wav,rock,The Band\n\n,,\nb.wav,jazz,\n",
        "path;genre;group\na one.wav;rock;The Band\nb.wav;jazz;\n".encode("utf-16"),
        "comment,path,genre,group\nnice,a one.wav,rock,The Band\n,b.wav,jazz,\n",
    ],
)
def test_every_way_to_write_a_table_is_read(tmp_path: Path, content: str | bytes) -> None:
    assert tracks(tmp_path, content) == PLAIN


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("file,genre\na.wav,rock\n", "the columns found: file, genre"),
        ("a.wav,rock\nb.wav,jazz\n", "the columns found: a.wav, rock"),
        ("", "the columns found: none"),
        ("path,genre\n", "no rows"),
        ("path,genre\nHello, Goodbye.wav,rock\n", "Line 2 .* has 3 cells for 2 columns: .* a comma into quotes"),
        ("path;genre\nHello; Goodbye.wav;rock\n", "a semicolon into quotes"),
        ("path,genre\n,rock\n", "Line 2 .* no path"),
        ("path,split\na.wav,training\n", "the split 'training'"),
        ("path,genre\nmélodie.wav,rock\n".encode("latin-1"), "save it as CSV in UTF-8"),
    ],
)
def test_what_cannot_be_read_says_what_was_found(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(DataSetError, match=says):
        tracks(tmp_path, content)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text('path,genre,group\n"a, b.wav",rock,"The ""Band"""\n')
    first = open_manifest(tmp_path / "table.csv")
    write_manifest(tmp_path / "again.csv", first.tracks)
    assert open_manifest(tmp_path / "again.csv").tracks == first.tracks
