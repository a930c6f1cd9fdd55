"""What is taken for a recording by its name, and what may be opened by its content."""

from __future__ import annotations

_MUSIC = """
.wav .wave .bwf .rf64 .w64 .au .snd .aif .aiff .aifc .caf .flac .ogg .oga .opus .spx .mp3 .mp2 .mp1 .mpa .mpga .m4a
.m4b .m4r .aac .adts .ac3 .eac3 .dts .wma .wv .tta .ape .mpc .tak .shn .amr .dsf .mka .weba
"""
_VIDEO = """
.mp4 .m4v .mov .qt .3gp .3g2 .mkv .webm .ogv .ogx .avi .wmv .asf .mpg .mpeg .vob .mts .m2ts .flv .f4v
"""
AUDIO_EXTENSIONS = frozenset(_MUSIC.split()) | frozenset(_VIDEO.split())
"""Names that a folder is searched for; a file that is named itself is opened whatever it is called."""

# ffmpeg knows more: playlists that point to other files, raw samples that any file would pass for, subtitles.
_DEMUXERS = """
wav w64 au aiff caf flac ogg mp3 mov mp4 m4a 3gp 3g2 mj2 aac ac3 eac3 dts dtshd asf wv tta ape mpc mpc8 tak shn amr
amrnb amrwb dsf iff matroska webm avi mpeg mpegts flv
"""
DEMUXERS = frozenset(_DEMUXERS.split())
"""ffmpeg's names of the formats that are opened."""

FRAMES_ALONE = frozenset({"mp3", "aac", "ac3", "eac3", "dts", "amr", "amrnb", "amrwb"})
"""Streams of frames without a container: what lies between two of them is a tag, or damaged."""

WITH_PAUSES = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "asf", "mpeg", "mpegts", "flv"})
"""Sound that may stand beside pictures, whose time it keeps: a jump of the clock is a pause and not a loss."""

WITH_CLOCK = WITH_PAUSES | {"ogg", "flac"}
"""Containers that say when each of their frames is to be heard."""
