"""Small music files with tags of all sorts: made by ffmpeg, tagged by mutagen."""

import base64
import json
import random
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutagen import aiff, asf, flac, id3, mp4, oggopus, oggvorbis, wave, wavpack
from mutagen.apev2 import APEBinaryValue, APEv2

FORMATS = ("mp3", "wav", "aiff", "flac", "ogg", "opus", "m4a", "wma")
_CODECS = {
    "mp3": ["-c:a", "libmp3lame", "-b:a", "64k"],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus", "-b:a", "32k"],
    "m4a": ["-c:a", "aac", "-b:a", "64k"],
    "wma": ["-c:a", "wmav2"],
    "wv": ["-c:a", "wavpack"],
}
# The second variant of each format is made in another way, or tagged in another version.
_VARIANTS = {
    "mp3": [],
    "wav": ["-metadata", "title=Info title", "-metadata", "artist=Info artist"],
    "aiff": ["-c:a", "pcm_s16le", "-f", "aiff"],
    "flac": ["-metadata", "ENCODED-BY=somebody"],
    "ogg": ["-metadata", "COMMENT=" + "c" * 3000],
    "opus": ["-metadata", "COMMENT=" + "c" * 3000],
    "m4a": ["-movflags", "+faststart"],
    "wma": ["-c:a", "wmav1"],
    "wv": [],
}


@dataclass(frozen=True)
class Sample:
    """Tags that are there before; what does not exist in a format is left out."""

    genre: tuple[str, ...] | None = None
    title: str = ""
    artist: tuple[str, ...] = ()
    comment: str = ""
    lyrics: str = ""
    custom: dict[str, str] | None = None
    pictures: int = 0
    chapters: int = 0


CASES = {
    "none": Sample(),
    "title": Sample(title="A title", artist=("An artist",)),
    "empty genre": Sample(genre=("",), title="A title"),
    "genre": Sample(genre=("Death Metal",), title="A title"),
    "two genres": Sample(genre=("Rock", "Pop"), artist=("An artist",)),
    "genre as number": Sample(genre=("(17)",), title="A title"),
    "unicode": Sample(title="Ænima, 音楽 🎵", artist=("Björk",), comment="żółć"),
    "several values": Sample(artist=("First", "Second/Half", "Third")),
    "picture": Sample(title="A title", pictures=1),
    "pictures": Sample(pictures=3),
    "chapters": Sample(title="A title", chapters=3),
    "lyrics": Sample(lyrics="la la\nlá " * 2000, comment="A comment"),
    "custom": Sample(custom={"replaygain_track_gain": "-6.51 dB", "MUSICBRAINZ_TRACKID": "f0" * 18}),
    "long": Sample(custom={f"custom {i:03d}": f"value {i} " * 30 for i in range(200)}),
    "all": Sample(("Jazz",), "A title", ("One", "Two"), "A comment", "la la", {"mood": "blue"}, 2, 2),
}


@cache
def png(shade: int) -> bytes:
    """A small picture."""
    rows = b"".join(b"\0" + random.Random(100 * shade + row).randbytes(3 * 60) for row in range(60))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60, 60, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def make_sounds(folder: Path) -> dict[tuple[str, int], Path]:
    """One second of sound in each format and variant, without tags but those of the variant."""
    folder.mkdir(parents=True, exist_ok=True)
    sounds = {}
    for name in (*FORMATS, "wv"):
        for variant in (0, 1):
            path = folder / f"sound{variant}.{name}"
            options = [*_CODECS.get(name, []), "-map_metadata", "-1", *(_VARIANTS[name] if variant else [])]
            source = ["-f", "lavfi", "-i", "aevalsrc=sin(2*PI*t*(220+90*t))*.4:s=22050:d=1"]
            subprocess.run(["ffmpeg", "-v", "error", "-y", *source, *options, str(path)], check=True)
            sounds[name, variant] = path
    return sounds


def tag(path: Path, sample: Sample, variant: int = 0) -> None:
    """Write the tags of a sample; variant 1 of ID3 is version 2.3."""
    writers: dict[str, Callable[[Path, Sample, int], None]] = {
        "mp3": _tag_mp3,
        "wav": _tag_wav,
        "aiff": _tag_aiff,
        "flac": _tag_flac,
        "ogg": _tag_ogg,
        "opus": _tag_ogg,
        "m4a": _tag_m4a,
        "wma": _tag_wma,
        "wv": _tag_wv,
    }
    if sample != Sample():
        writers[path.suffix[1:]](path, sample, variant)


def id3_tag(sample: Sample) -> id3.ID3:
    """A sample as ID3 frames."""
    tag = id3.ID3()
    encoding = id3.Encoding.UTF8
    if sample.genre is not None:
        tag.add(id3.TCON(encoding=encoding, text=list(sample.genre)))
    if sample.title:
        tag.add(id3.TIT2(encoding=encoding, text=[sample.title]))
        tag.add(id3.TDRC(encoding=encoding, text=["1999-04-05"]))
    if sample.artist:
        tag.add(id3.TPE1(encoding=encoding, text=list(sample.artist)))
    if sample.comment:
        tag.add(id3.COMM(encoding=encoding, lang="eng", desc="", text=[sample.comment]))
    if sample.lyrics:
        tag.add(id3.USLT(encoding=encoding, lang="eng", desc="", text=sample.lyrics))
    for name, value in (sample.custom or {}).items():
        tag.add(id3.TXXX(encoding=encoding, desc=name, text=[value]))
    for i in range(sample.pictures):
        tag.add(id3.APIC(encoding=encoding, mime="image/png", type=3 + i, desc=f"picture {i}", data=png(i)))
    names = [f"ch{i}" for i in range(sample.chapters)]
    for i, name in enumerate(names):
        title = [id3.TIT2(encoding=encoding, text=[f"Chapter {i}"])]
        tag.add(id3.CHAP(element_id=name, start_time=300 * i, end_time=300 * i + 300, sub_frames=title))
    if names:
        tag.add(id3.CTOC(element_id="toc", flags=3, child_element_ids=names, sub_frames=[]))
    return tag


def _tag_mp3(path: Path, sample: Sample, variant: int) -> None:
    _save_id3(id3_tag(sample), path, variant)


def _save_id3(tag: id3.ID3, path: Path, variant: int) -> None:
    if variant:
        tag.update_to_v23()
    tag.save(path, v1=0, v2_version=3 if variant else 4, v23_sep=None)


def _tag_wav(path: Path, sample: Sample, variant: int) -> None:
    _tag_chunk(wave.WAVE(path), sample, variant)


def _tag_aiff(path: Path, sample: Sample, variant: int) -> None:
    _tag_chunk(aiff.AIFF(path), sample, variant)


def _tag_chunk(file: wave.WAVE | aiff.AIFF, sample: Sample, variant: int) -> None:
    file.add_tags()
    for frame in id3_tag(sample).values():
        file.tags.add(frame)
    if variant:
        file.tags.update_to_v23()
    file.tags.save(file.filename, v2_version=3 if variant else 4)


def _picture(i: int) -> flac.Picture:
    picture = flac.Picture()
    picture.type, picture.mime, picture.desc, picture.data = 3 + i, "image/png", f"picture {i}", png(i)
    return picture


def _comments(tags, sample: Sample) -> None:
    if sample.genre is not None:
        tags["GENRE"] = list(sample.genre)
    for name, values in (
        ("TITLE", [sample.title]),
        ("ARTIST", list(sample.artist)),
        ("COMMENT", [sample.comment]),
        ("LYRICS", [sample.lyrics]),
    ):
        if any(values):
            tags[name] = values
    for name, value in (sample.custom or {}).items():
        tags[name] = [value]
    for i in range(sample.chapters):
        tags[f"CHAPTER{i:03d}"] = [f"00:00:00.{3 * i}00"]
        tags[f"CHAPTER{i:03d}NAME"] = [f"Chapter {i}"]


def _tag_flac(path: Path, sample: Sample, variant: int) -> None:
    file = flac.FLAC(path)
    if file.tags is None:
        file.add_tags()
    _comments(file.tags, sample)
    for i in range(sample.pictures):
        file.add_picture(_picture(i))
    file.save(padding=(lambda info: 0) if variant else None)


def _tag_ogg(path: Path, sample: Sample, variant: int) -> None:
    file = (oggopus.OggOpus if path.suffix == ".opus" else oggvorbis.OggVorbis)(path)
    _comments(file.tags, sample)
    if sample.pictures:
        texts = [base64.b64encode(_picture(i).write()).decode() for i in range(sample.pictures)]
        file.tags["METADATA_BLOCK_PICTURE"] = texts
    file.save(padding=(lambda info: 0) if variant else None)


def _tag_m4a(path: Path, sample: Sample, variant: int) -> None:
    file = mp4.MP4(path)
    if file.tags is None:
        file.add_tags()
    if sample.genre is not None:
        file.tags["\xa9gen"] = list(sample.genre)
    for name, values in (
        ("\xa9nam", [sample.title]),
        ("\xa9ART", list(sample.artist)),
        ("\xa9cmt", [sample.comment]),
        ("\xa9lyr", [sample.lyrics]),
    ):
        if any(values):
            file.tags[name] = values
    for name, value in (sample.custom or {}).items():
        file.tags[f"----:com.apple.iTunes:{name}"] = [mp4.MP4FreeForm(value.encode())]
    if sample.pictures:
        file.tags["covr"] = [mp4.MP4Cover(png(i), mp4.MP4Cover.FORMAT_PNG) for i in range(sample.pictures)]
    file.save()
    if sample.chapters:
        _with_mp4_chapters(path, sample.chapters, faststart=bool(variant))


def _with_mp4_chapters(path: Path, n: int, *, faststart: bool) -> None:
    """A track of chapters, as ffmpeg makes it."""
    text = ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/10\nSTART={3 * i}\nEND={3 * i + 3}\ntitle=Chapter {i}\n" for i in range(n)
    )
    listed, out = path.with_suffix(".txt"), path.with_suffix(".new.m4a")
    listed.write_text(text)
    options = ["-map", "0", "-map_metadata", "0", "-map_chapters", "1", "-c", "copy"]
    options += ["-movflags", "+faststart"] if faststart else []
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", path, "-i", listed, *options, out], check=True)
    listed.unlink()
    out.replace(path)


def _tag_wma(path: Path, sample: Sample, variant: int) -> None:
    file = asf.ASF(path)
    if sample.genre is not None:
        file.tags["WM/Genre"] = list(sample.genre)
    for name, values in (
        ("Title", [sample.title]),
        ("Author", list(sample.artist)),
        ("Description", [sample.comment]),
        ("WM/Lyrics", [sample.lyrics]),
    ):
        if any(values):
            file.tags[name] = values
    for name, value in (sample.custom or {}).items():
        file.tags[name] = [value]
    if sample.pictures:
        # Type, length, MIME type, description, data.
        file.tags["WM/Picture"] = [
            asf.ASFByteArrayAttribute(
                struct.pack("<bi", 3 + i, len(png(i)))
                + "image/png\0".encode("utf-16-le")
                + f"picture {i}\0".encode("utf-16-le")
                + png(i)
            )
            for i in range(sample.pictures)
        ]
    file.save()


def _tag_wv(path: Path, sample: Sample, variant: int) -> None:
    file = wavpack.WavPack(path)
    if file.tags is None:
        file.add_tags()
    tags: APEv2 = file.tags
    if sample.genre is not None:
        tags["Genre"] = list(sample.genre)
    for name, values in (("Title", [sample.title]), ("Artist", list(sample.artist)), ("Comment", [sample.comment])):
        if any(values):
            tags[name] = values
    for name, value in (sample.custom or {}).items():
        tags[name] = value
    if sample.pictures:
        tags["Cover Art (Front)"] = APEBinaryValue(b"cover.png\0" + png(0))
    file.save()


def probed(path: Path) -> dict:
    """What ffprobe says: every packet's hash, streams, chapters and tags, without what tells sizes and places."""
    command = ["ffprobe", "-v", "error", "-show_data_hash", "sha256", "-show_packets", "-show_streams"]
    command += ["-show_chapters", "-show_format", "-of", "json", str(path)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    for packet in found["packets"]:
        packet.pop("pos", None)
    for name in ("size", "bit_rate", "filename", "probe_score"):
        found["format"].pop(name, None)
    for stream in found["streams"]:
        stream.pop("bit_rate", None)
    return found


def genre_by_ffprobe(found: dict) -> str:
    """Takes the genre, and the scores, out of what `probed` says, wherever they stand; returns the genre."""
    genres = set()
    for holder in (found["format"], *found["streams"]):
        tags = holder.get("tags", {})
        for name in list(tags):
            if name.upper() in ("GENRE", "GENRE_SCORES", "WM/GENRE"):
                value = tags.pop(name)
                if name.upper() != "GENRE_SCORES":
                    genres.add(value)
        if not tags:
            holder.pop("tags", None)
    assert len(genres) <= 1, genres
    return genres.pop() if genres else ""
