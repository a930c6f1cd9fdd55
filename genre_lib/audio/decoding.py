"""Decoding: any recording becomes mono float32 samples at one rate, block by block.

libsndfile reads most formats in the process; what it cannot read (m4a, aac, the sound of a video) goes through
ffmpeg where that is installed. Everything streams, so that a three-hour file needs no more memory than a short one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from genre_lib.errors import AudioError
from genre_lib.utils.quiet import quiet_native_stderr

SOUNDFILE_EXTENSIONS = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".au", ".aif", ".aiff", ".caf", ".w64"}
)
FFMPEG_EXTENSIONS = frozenset(
    {".m4a", ".aac", ".mp4", ".m4b", ".mov", ".mka", ".mkv", ".webm", ".wma", ".amr", ".ac3", ".wv", ".ape", ".mpc"}
)
AUDIO_EXTENSIONS = SOUNDFILE_EXTENSIONS | FFMPEG_EXTENSIONS

_BLOCK_S = 10.0
# Below, a late beginning is a coder's delay; beyond, a clock that nobody set.
_SMALLEST_GAP_S = 0.05
_LARGEST_GAP_S = 600.0


def load_audio(path: str | Path, sample_rate: int) -> NDArray[np.float32]:
    """Decode a whole recording.

    Parameters
    ----------
    path : str or Path
    sample_rate : int > 0 [Hz]
        Rate of the returned samples.

    Returns
    -------
    np.ndarray [shape=(n,), dtype=float32]
        Mono samples, full scale 1.0.

    Raises
    ------
    AudioError
        The file is missing, empty, not audio, or its decoder is missing.
    """
    with AudioReader(path, sample_rate, block_s=60.0) as reader:
        blocks = list(reader)
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def stream_audio(path: str | Path, sample_rate: int, *, block_s: float = _BLOCK_S) -> Iterator[NDArray[np.float32]]:
    """Yield a recording as consecutive mono blocks of about `block_s` seconds; see `load_audio`."""
    with AudioReader(path, sample_rate, block_s=block_s) as reader:
        yield from reader


def to_mono(samples: NDArray[Any], sample_rate: int, target_rate: int) -> NDArray[np.float32]:
    """Mean of the channels, resampled by soxr HQ.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,) or (n, channels)]
    sample_rate, target_rate : int > 0 [Hz]

    Returns
    -------
    np.ndarray [shape=(m,), dtype=float32]
    """
    samples = np.asarray(samples)
    if samples.ndim > 2 or samples.size == 0:
        raise AudioError(f"The samples have shape {samples.shape}: give a non-empty array (n,) or (n, channels).")
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples / float(np.iinfo(samples.dtype).max + 1)
    mono = samples.astype(np.float32, copy=False)
    if mono.ndim == 2:
        mono = mono[:, 0] if mono.shape[1] == 1 else mono.mean(axis=1)
    if not np.isfinite(mono).all():
        raise AudioError("The samples hold values that are not numbers (NaN or infinity): clean them first.")
    if sample_rate != target_rate:
        mono = soxr.resample(mono, sample_rate, target_rate, quality="HQ")
    return np.ascontiguousarray(mono, dtype=np.float32)


class AudioReader:
    """An open recording; iterate it once to get mono float32 blocks at `sample_rate`.

    Attributes
    ----------
    path : Path
    source_rate, channels : int
    announced_s : float or None [s]
        The duration the file's header claims, where it claims one.
    warning : str or None
        After iteration: one sentence if less sound was there than announced.

    Raises
    ------
    AudioError
        On opening or while iterating; the message names the file and what to do.
    """

    def __init__(self, path: str | Path, sample_rate: int, *, block_s: float = _BLOCK_S) -> None:
        self.path = Path(path)
        self.sample_rate = int(sample_rate)
        self.warning: str | None = None
        self._resources = ExitStack()
        _check_file(self.path)
        self._source = _open(self.path, block_s, self._resources)
        self.source_rate = self._source.rate
        self.channels = self._source.channels
        self.announced_s = self._source.announced_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        resampler = None
        if self.source_rate != self.sample_rate:
            resampler = soxr.ResampleStream(self.source_rate, self.sample_rate, 1, dtype="float32", quality="HQ")
        n_read = 0
        for block in self._source.blocks():
            mono = _mean_of_channels(block)
            # A sum is finite only if all of its terms are, and costs a tenth of looking at each.
            if not np.isfinite(mono.sum(dtype=np.float64)):
                raise AudioError(f"{self.path} holds samples that are not numbers: export it again as 16-bit audio.")
            n_read += len(mono)
            if resampler is not None:
                mono = resampler.resample_chunk(mono)
            if len(mono):
                yield mono
        if n_read == 0:
            raise AudioError(f"{self.path} holds no sound: check that the file is complete.")
        if resampler is not None:
            tail = resampler.resample_chunk(np.zeros(0, np.float32), last=True)
            if len(tail):
                yield tail
        self.warning = self._shortfall(n_read / self.source_rate)

    def _shortfall(self, read_s: float) -> str | None:
        # Headers of compressed files are off by a frame or two (26 ms each in mp3): only a real loss is told.
        if self.announced_s is None or read_s >= self.announced_s - 0.5:
            return None
        return (
            f"{self.path} ends after {read_s:.1f} s of the {self.announced_s:.1f} s it announces: the rest is missing."
        )


class _SoundFile:
    def __init__(self, path: Path, block_s: float, resources: ExitStack) -> None:
        with quiet_native_stderr():
            self._file = resources.enter_context(soundfile.SoundFile(str(path)))
        self._path = path
        self.rate = int(self._file.samplerate)
        self.channels = int(self._file.channels)
        frames = int(self._file.frames)
        # Streams without a length report a huge number of frames.
        self.announced_s = frames / self.rate if 0 < frames < 2**40 else None
        if path.suffix.lower() == ".mp3":
            self.announced_s = _announced_by_mp3_header(path) or self.announced_s
        self._block = max(1, int(block_s * self.rate))

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        while True:
            try:
                # libsndfile's mp3 decoder writes its doubts about odd frames to standard error and decodes them.
                with quiet_native_stderr():
                    block = self._file.read(self._block, dtype="float32", always_2d=True)
            except soundfile.SoundFileError as error:
                raise AudioError(
                    f"{self._path} breaks off while decoding ({_reason(error)}): export it again."
                ) from error
            if len(block) == 0:
                return
            yield block


class _Ffmpeg:
    def __init__(self, path: Path, block_s: float, resources: ExitStack) -> None:
        program = shutil.which("ffmpeg")
        if program is None:
            raise AudioError(
                f"{path} needs ffmpeg to be decoded: install ffmpeg, or convert the file to wav, flac, ogg or mp3."
            )
        self._path = path
        self.rate, self.channels, self.announced_s, late_s = _probe(path)
        self._block = max(1, int(block_s * self.rate))
        # The sound of a video may begin late: its times are those of the pictures.
        self._silence_before = round(late_s * self.rate) if _SMALLEST_GAP_S < late_s < _LARGEST_GAP_S else 0
        command = [
            program,
            "-v",
            "error",
            "-nostdin",
            "-i",
            _as_file_url(path),
            "-map",
            "0:a:0",
            "-f",
            "f32le",
            "-c:a",
            "pcm_f32le",
            "pipe:1",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        resources.callback(self._stop)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        assert self._process.stdout is not None
        n_bytes = self._block * self.channels * 4
        silence = self._silence_before
        while data := self._process.stdout.read(n_bytes):
            while silence:
                n = min(silence, self._block)
                yield np.zeros((n, self.channels), np.float32)
                silence -= n
            whole = len(data) // (4 * self.channels) * 4 * self.channels
            if whole:
                yield np.frombuffer(data[:whole], "<f4").reshape(-1, self.channels)

    def _stop(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()


def _mean_of_channels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mono samples (n,) of (n, channels); as a product, ten times as fast as a mean over the short axis."""
    n_channels = samples.shape[1]
    if n_channels == 1:
        return samples[:, 0]
    return samples @ np.full(n_channels, 1 / n_channels, np.float32)


def _check_file(path: Path) -> None:
    if not path.exists():
        raise AudioError(f"{path} does not exist: check the path.")
    if path.is_dir():
        raise AudioError(f"{path} is a folder: name the files in it, or give the folder to `genre predict`.")
    try:
        size = path.stat().st_size
        path.open("rb").close()
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    if size == 0:
        raise AudioError(f"{path} is empty (0 bytes): check that the copy or download finished.")


def _open(path: Path, block_s: float, resources: ExitStack) -> _SoundFile | _Ffmpeg:
    if path.suffix.lower() not in FFMPEG_EXTENSIONS:
        try:
            return _SoundFile(path, block_s, resources)
        except soundfile.SoundFileError as error:
            if path.suffix.lower() in SOUNDFILE_EXTENSIONS and shutil.which("ffmpeg") is None:
                raise AudioError(
                    f"{path} is not a sound file that can be read ({_reason(error)}): check its format."
                ) from error
    return _Ffmpeg(path, block_s, resources)


def _reason(error: Exception) -> str:
    return str(error).rsplit(":", 1)[-1].strip().rstrip(".").lower() or "unknown reason"


def _as_file_url(path: Path) -> str:
    # The prefix keeps ffmpeg from taking a name such as `concat:x` or `http:x` for a protocol.
    return f"file:{path}"


def _probe(path: Path) -> tuple[int, int, float | None, float]:
    """Rate, channels, announced duration and late beginning [s] of the first sound stream, by ffprobe."""
    program = shutil.which("ffprobe")
    if program is None:
        raise AudioError(f"{path} needs ffprobe (it comes with ffmpeg) to be decoded: install ffmpeg.")
    entries = "stream=sample_rate,channels,start_time:format=duration,start_time"
    command = [
        program,
        "-v",
        "error",
        "-select_streams",
        "a:0",
        "-show_entries",
        entries,
        "-of",
        "json",
        _as_file_url(path),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    try:
        found = json.loads(answer.stdout)
        sound, container = found["streams"][0], found["format"]
        rate, channels = int(sound["sample_rate"]), int(sound["channels"])
    except (ValueError, KeyError, IndexError):
        raise AudioError(f"{path} is not a sound file that can be read: check that it is audio and complete.") from None
    if rate <= 0 or channels <= 0:
        raise AudioError(f"{path} is not a sound file that can be read: check that it is audio and complete.")
    duration = _seconds(container.get("duration"))
    begins, sound_begins = _seconds(container.get("start_time")), _seconds(sound.get("start_time"))
    late_s = sound_begins - begins if begins is not None and sound_begins is not None else 0.0
    # A raw stream has no header: ffprobe guesses its duration from the bit rate, too far off to call a file truncated.
    return rate, channels, None if path.suffix.lower() in {".aac", ".amr", ".ac3"} else duration, late_s


def _seconds(text: str | None) -> float | None:
    """What ffprobe says of a time; None where it does not know."""
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _announced_by_mp3_header(path: Path) -> float | None:
    """Duration that the Xing/Info header of an mp3 claims; libsndfile only knows what is there.

    The header sits in the first frame: a tag, flags, and, where bit 0 is set, the number of frames, big-endian
    (https://www.codeproject.com/Articles/8295/MPEG-Audio-Frame-Header describes both headers).
    """
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            length = (head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9]
            file.seek(10 + length)
        else:
            file.seek(0)
        data = file.read(4096)
    start = next((i for i in range(len(data) - 4) if data[i] == 0xFF and data[i + 1] & 0xE0 == 0xE0), None)
    if start is None:
        return None
    version, rate_index = (data[start + 1] >> 3) & 3, (data[start + 2] >> 2) & 3
    if version == 1 or rate_index == 3:
        return None
    rate = (44100, 48000, 32000)[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    frame = data[start : start + 200]
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or not frame[at + 7] & 1:
        return None
    n_frames = int.from_bytes(frame[at + 8 : at + 12], "big")
    return n_frames * (1152 if version == 3 else 576) / rate
