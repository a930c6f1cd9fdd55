"""Every format with tags of all sorts: written, read back by mutagen and ffprobe, undone byte for byte."""

import hashlib
import io
import shutil
import struct
from pathlib import Path

import mutagen
import pytest
from mutagen import apev2, flac, id3, mp3
from mutagen.mp4 import MP4
from mutagen.oggvorbis import OggVorbis

from genre_lib.batch.tagging import UndoJournal, formats, undo, write_tags
from genre_lib.batch.tagging.formats import Edit
from genre_lib.errors import TagError
from tests.batch.tagging import library

SCORES = "hiphop 0.93; pop 0.07"
# Each format and way of making it: 15 cases, in 16 groups 240 files, and WavPack.
GROUPS = [(form, variant) for form in (*library.FORMATS, "wv") for variant in (0, 1)]


def genre_by_mutagen(path: Path) -> list[str]:
    """What mutagen reads through the interface that is the same for all formats, as beets and Picard do."""
    file = mutagen.File(path)
    keys = {"mp4": "\xa9gen", "asf": "WM/Genre", "ape": "Genre", "flac": "genre", "ogg": "genre"}
    if isinstance(file.tags, id3.ID3):
        return file.tags["TCON"].genres
    return [str(value) for value in file.tags[keys[formats.name_of_format(path)]]]


@pytest.mark.slow
@pytest.mark.parametrize(("form", "variant"), GROUPS)
def test_written_read_back_and_undone(form: str, variant: int, sounds, tmp_path: Path) -> None:
    before, probed = {}, {}
    for case, sample in library.CASES.items():
        path = tmp_path / f"{case}.{form}"
        shutil.copyfile(sounds[form, variant], path)
        library.tag(path, sample, variant)
        before[path], probed[path] = path.read_bytes(), library.probed(path)
    with UndoJournal(tmp_path / "changes") as changes:
        for path in before:
            write_tags(path, Edit(("Hip-Hop",), SCORES), changes)
        for path in before:
            assert genre_by_mutagen(path) == ["Hip-Hop"], path
            found = library.probed(path)
            library.genre_by_ffprobe(probed[path])
            assert library.genre_by_ffprobe(found) == "Hip-Hop", path
            assert found == probed[path], path
            assert formats.read(path).scores == SCORES
        assert sorted(undo([tmp_path], changes)) == sorted(before)
    for path, data in before.items():
        assert path.read_bytes() == data, path
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("form", [*library.FORMATS, "wv"])
def test_several_genres_and_odd_letters(form: str, make, tmp_path: Path) -> None:
    path = make(form, library.CASES["all"])
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("Hip-Hop", "Música"), None), changes)
    assert genre_by_mutagen(path) == ["Hip-Hop", "Música"]


@pytest.mark.parametrize("form", [*library.FORMATS, "wv"])
def test_writing_again_changes_the_genre_alone(form: str, make, tmp_path: Path) -> None:
    path = make(form, library.CASES["all"])
    old = formats.read(path)
    assert old.genres == ("Jazz",)
    with UndoJournal(tmp_path / "changes") as changes:
        for genre in ("Blues", "A genre with a name that is longer than all the padding " * 100, "Pop"):
            write_tags(path, Edit((genre.strip(),), "blues 1.00"), changes)
    new = formats.read(path)
    assert (new.audio, new.rest, new.genres, new.scores) == (old.audio, old.rest, ("Pop",), "blues 1.00")


@pytest.mark.parametrize("form", [*library.FORMATS, "wv"])
def test_scores_leave_the_genre_alone(form: str, make, tmp_path: Path) -> None:
    path = make(form, library.CASES["genre"])
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(None, SCORES), changes)
    assert genre_by_mutagen(path) == ["Death Metal"]
    assert formats.read(path).scores == SCORES


def with_id3v1(path: Path, genre: int, *, v2: bool) -> bytes:
    """Add an ID3v1 tag, with or without a tag of version 2."""
    fields = (b"TAG", b"Old title", b"Old artist", b"Old album", b"1987", b"Old comment", 0, 7, genre)
    v1 = struct.pack("3s30s30s30s4s28sBBB", *fields)
    if not v2:
        id3.ID3(path).delete(path) if path.read_bytes()[:3] == b"ID3" else None
    with path.open("ab") as file:
        file.write(v1)
    return v1


def test_id3v1_alone_is_repeated_in_version_2(make, tmp_path: Path) -> None:
    path = make("mp3", library.Sample())
    v1 = with_id3v1(path, 255, v2=False)
    assert path.read_bytes()[:3] != b"ID3"
    before, seen = path.read_bytes(), library.probed(path)
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("Jazz",)), changes)
        tag = id3.ID3(path, load_v1=False)
        assert [str(tag[name]) for name in ("TIT2", "TPE1", "TALB", "TDRC", "TRCK", "TCON")] == [
            "Old title",
            "Old artist",
            "Old album",
            "1987",
            "7",
            "Jazz",
        ]
        assert path.read_bytes()[-128:] == v1[:-1] + bytes((8,))
        found = library.probed(path)
        assert library.genre_by_ffprobe(found) == "Jazz"
        assert found == seen
        list(undo([path], changes))
    assert path.read_bytes() == before


def test_id3v1_beside_version_2_keeps_all_but_its_genre(make, tmp_path: Path) -> None:
    path = make("mp3", library.CASES["title"])
    v1 = with_id3v1(path, 255, v2=True)
    assert formats.read(path).genres == ()
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("A genre of its own",)), changes)
        assert path.read_bytes()[-128:] == v1
        write_tags(path, Edit(("Reggae",)), changes)
    assert path.read_bytes()[-128:] == v1[:-1] + bytes((16,))
    assert str(mp3.MP3(path).tags["TIT2"]) == "A title"


def test_id3v1_has_a_genre_too(make) -> None:
    path = make("mp3", library.CASES["title"])
    with_id3v1(path, 17, v2=True)
    assert formats.read(path).genres == ("Rock",)


def test_apev2_in_an_mp3_is_kept_and_its_genre_replaced(make, tmp_path: Path) -> None:
    path = make("mp3", library.CASES["title"])
    tag = apev2.APEv2()
    tag["Genre"], tag["MP3GAIN_MINMAX"] = "Rock", "104,201"
    tag.save(path)
    with_id3v1(path, 17, v2=True)
    before = path.read_bytes()
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("Jazz",)), changes)
        assert str(apev2.APEv2(path)["Genre"]) == "Jazz"
        assert str(apev2.APEv2(path)["MP3GAIN_MINMAX"]) == "104,201"
        assert path.read_bytes()[-128:-125] == b"TAG"
        list(undo([path], changes))
    assert path.read_bytes() == before


def id3_bytes(version: int, flags: int, body: bytes) -> bytes:
    size = bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3" + bytes((version, 0, flags)) + size + body


def frame(name: str, data: bytes, version: int) -> bytes:
    size = len(data).to_bytes(3 if version == 2 else 4, "big")
    return name.encode() + size + (b"" if version == 2 else b"\0\0") + data


ODD_TAGS = {
    "version 2.2": id3_bytes(2, 0, frame("TT2", b"\0A title", 2) + frame("PIC", b"\0PNG\3\0data", 2) + bytes(300)),
    "unsynchronised": id3_bytes(3, 0x80, frame("TIT2", b"\1\xff\xfeA\0", 3).replace(b"\xff", b"\xff\0") + bytes(50)),
    "extended header": id3_bytes(3, 0x40, bytes.fromhex("00000006 0000 00000000") + frame("TIT2", b"\0A title", 3)),
    "extended header of 2.4": id3_bytes(4, 0x40, bytes.fromhex("00000006 0100") + frame("TIT2", b"\3A title", 4)),
    "sizes of 2.3 in 2.4": id3_bytes(4, 0, frame("TIT2", b"\3" + b"long " * 60, 4) + frame("TPE1", b"\3A", 4)),
    "a frame twice": id3_bytes(3, 0, frame("TIT2", b"\0One", 3) + frame("TIT2", b"\0Two", 3)),
    "an unknown frame": id3_bytes(3, 0, frame("XYZQ", b"\1\2\3", 3) + frame("TIT2", b"\0A title", 3)),
    "an encrypted frame": id3_bytes(3, 0, b"PRIV" + bytes.fromhex("00000008 0040") + b"whatever"),
    "empty": id3_bytes(4, 0, bytes(100)),
}


@pytest.mark.parametrize("odd", ODD_TAGS)
def test_frames_that_nobody_understands_keep_their_bytes(odd: str, sounds, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    sound = sounds["mp3", 0].read_bytes()
    tag = id3.ID3(io.BytesIO(sound))
    before = ODD_TAGS[odd] + sound[tag.size :]
    path.write_bytes(before)
    rest = formats.read(path).rest
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("Jazz",), SCORES), changes)
        assert path.read_bytes()[3] == before[3]
        assert formats.read(path).rest == rest
        assert mp3.MP3(path).tags["TCON"].genres == ["Jazz"]
        assert path.read_bytes().endswith(sound[tag.size :])
        list(undo([path], changes))
    assert path.read_bytes() == before


def test_comments_in_another_encoding_keep_their_bytes(make, tmp_path: Path) -> None:
    for form in ("flac", "ogg", "opus"):
        path = make(form, library.Sample(title="BADBYTE"))
        data = path.read_bytes()
        assert data.count(b"TITLE=BADBYTE") == 1
        if form == "flac":
            path.write_bytes(data.replace(b"TITLE=BADBYTE", b"TITLE=BAD\xff\xfeTE"))
        else:
            # A page has a checksum: written by the same hands that read it.
            packets = data.replace(b"TITLE=BADBYTE", b"TITLE=BAD\xff\xfeTE")
            path.write_bytes(with_checksums(packets))
        with UndoJournal(tmp_path / f"changes-{form}") as changes:
            write_tags(path, Edit(("Jazz",)), changes)
        assert b"TITLE=BAD\xff\xfeTE" in path.read_bytes()
        assert genre_by_mutagen(path) == ["Jazz"]


def with_checksums(data: bytes) -> bytes:
    from mutagen.ogg import OggPage

    stream, out = io.BytesIO(data), b""
    while stream.tell() < len(data):
        out += OggPage(stream).write()
    return out


def test_blocks_of_a_flac_stay(make, tmp_path: Path) -> None:
    path = make("flac", library.CASES["pictures"])
    file = flac.FLAC(path)
    file.metadata_blocks.insert(1, flac.MetadataBlock(b"testdata of an application"))
    file.metadata_blocks[1].code = 2
    file.save()
    # A tag that does not belong there, as some programs write it.
    path.write_bytes(id3_bytes(3, 0, frame("TIT2", b"\0A title", 3)) + path.read_bytes())
    codes = [block.code for block in flac.FLAC(path).metadata_blocks if block.code != 1]
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("Jazz",)), changes)
    assert path.read_bytes()[:3] == b"ID3"
    assert [block.code for block in flac.FLAC(path).metadata_blocks if block.code != 1] == codes
    assert len(flac.FLAC(path).pictures) == 3
    assert genre_by_mutagen(path) == ["Jazz"]


def test_ogg_pages_are_numbered_anew_where_the_comments_grow(make, tmp_path: Path) -> None:
    for form in ("ogg", "opus"):
        path = make(form, library.CASES["title"])
        seen = library.probed(path)
        with UndoJournal(tmp_path / f"changes-{form}") as changes:
            write_tags(path, Edit(tuple(f"genre {i} " + "x" * 1000 for i in range(200))), changes)
        found = library.probed(path)
        assert found["packets"] == seen["packets"]
        assert len(genre_by_mutagen(path)) == 200


def test_an_old_genre_number_in_mp4_is_read(make, tmp_path: Path) -> None:
    path = make("m4a", library.CASES["title"])
    data = path.read_bytes()
    file = MP4(path)
    file.tags["\xa9gen"] = ["XX"]
    file.save()
    # 18 stands for the 17th of ID3's list: Rock.
    number = bytes.fromhex("0000001a 676e7265 00000012 64617461 00000000 00000000 0012")
    text = bytes.fromhex("0000001a a967656e 00000012 64617461 00000001 00000000") + b"XX"
    data = path.read_bytes()
    assert data.count(text) == 1
    path.write_bytes(data.replace(text, number))
    assert formats.read(path).genres == ("Rock",)
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("Jazz",)), changes)
    assert formats.read(path).genres == ("Jazz",)


def test_a_wav_with_a_last_chunk_of_odd_length(make, tmp_path: Path) -> None:
    path = make("wav", library.Sample())
    data = path.read_bytes()
    odd = data + b"abcd" + (3).to_bytes(4, "little") + b"xyz"
    path.write_bytes(odd[:4] + (len(odd) - 8).to_bytes(4, "little") + odd[8:])
    before = path.read_bytes()
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(path, Edit(("Jazz",)), changes)
        assert genre_by_mutagen(path) == ["Jazz"]
        assert library.genre_by_ffprobe(library.probed(path)) == "Jazz"
        list(undo([path], changes))
    assert path.read_bytes() == before


def test_what_cannot_be_tagged_is_said_and_left(make, tmp_path: Path, sounds) -> None:
    flac_bytes = sounds["flac", 0].read_bytes()
    ogg_bytes = sounds["ogg", 0].read_bytes()
    cases = {
        "song.au": (b".snd" + bytes(100), "a format without a genre tag"),
        "words.mp3": (b"these are words " * 10, "no MPEG sound"),
        "cut.flac": (flac_bytes[:20], "metadata is cut off"),
        "cut.ogg": (ogg_bytes[: len(ogg_bytes) - 100], "pages are damaged or cut off"),
        "cut.m4a": (sounds["m4a", 0].read_bytes()[:-50], "damaged"),
        "cut.wav": (sounds["wav", 0].read_bytes()[:-5000], "another length than the file has"),
        "empty.mp3": (b"", "no MPEG sound"),
        "tag.mp3": (b"ID3\4\0\0\0\0\2\0" + b"\x01\x02\x03" * 300, "ID3 tag is damaged"),
    }
    with UndoJournal(tmp_path / "changes") as changes:
        for name, (data, sentence) in cases.items():
            path = tmp_path / name
            path.write_bytes(data)
            with pytest.raises(TagError, match=sentence) as caught:
                write_tags(path, Edit(("Jazz",)), changes)
            assert str(caught.value).startswith(str(path))
            assert path.read_bytes() == data
    assert not list(tmp_path.glob(".*"))


def test_fragmented_mp4_is_left_alone(sounds, tmp_path: Path) -> None:
    import subprocess

    path = tmp_path / "song.m4a"
    options = ["-c", "copy", "-movflags", "frag_keyframe+empty_moov"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", sounds["m4a", 0], *options, path], check=True)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with UndoJournal(tmp_path / "changes") as changes, pytest.raises(TagError, match="fragmented"):
        write_tags(path, Edit(("Jazz",)), changes)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_the_format_is_known_by_its_content(make, tmp_path: Path) -> None:
    path = make("m4a", library.CASES["title"])
    misnamed = path.with_suffix(".mp3")
    path.rename(misnamed)
    with UndoJournal(tmp_path / "changes") as changes:
        write_tags(misnamed, Edit(("Jazz",)), changes)
    assert MP4(misnamed).tags["\xa9gen"] == ["Jazz"]
    assert OggVorbis(make("ogg")).tags["title"] == ["A title"]
