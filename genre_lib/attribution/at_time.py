"""A moment of a recording, explained: what a player shows when one asks why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from genre_lib.attribution.integrated_gradients import Attribution, attribute_step, step_at
from genre_lib.attribution.masking import masked_sound
from genre_lib.audio.decoding import load_audio
from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.files import KERAS, Bundle
from genre_lib.errors import AudioError, ParameterError, RunError
from genre_lib.networks.keras_files import load_keras
from genre_lib.networks.receptive_field import timing_of
from genre_lib.utils.atomic import write_text
from genre_lib.utils.json_files import to_json

if TYPE_CHECKING:
    import keras

KEPT_SHARE = 0.2
_CODER_PADS_S = 1.0
ARRAYS = "attribution.npz"


@dataclass(frozen=True, eq=False)
class TimedAttribution:
    """An attribution with the sound it is about.

    Attributes
    ----------
    attribution : Attribution
    samples : np.ndarray [shape=(n,)]
        What the step heard.
    kept : np.ndarray [shape=(n,)]
        Only what spoke most for the genre.
    without : np.ndarray [shape=(n,)]
        The rest.
    sample_rate : int [Hz]
    """

    attribution: Attribution
    samples: NDArray[np.float32]
    kept: NDArray[np.float32]
    without: NDArray[np.float32]
    sample_rate: int

    def sounds(self) -> dict[str, NDArray[np.float32]]:
        """What to play, by name: `heard`, `kept` and `without`, within full scale whatever the recording's is."""
        scale = np.float32(max(1.0, float(np.abs(self.samples).max(initial=0))))
        named = {"heard": self.samples, "kept": self.kept, "without": self.without}
        return {name: np.clip(samples / scale, -1, 1) for name, samples in named.items()}


def attribute_at(
    bundle: Bundle,
    recording: str | Path | NDArray[np.float32],
    time_s: float,
    *,
    genre: str | None = None,
    kept_share: float = KEPT_SHARE,
    network: keras.Model | None = None,
) -> TimedAttribution:
    """Explain the step of the genre curve nearest to a time.

    Parameters
    ----------
    bundle : Bundle
    recording : path, or samples (n,) at the front end's rate
    time_s : float [s]
    genre : str, optional
        By default the one believed in most at that step.
    kept_share : float in (0, 1]
        Share of the spectrogram that stays in `kept`.
    network : keras.Model, optional
        The bundle's own, where it is loaded already.

    Raises
    ------
    AudioError, BundleError, ParameterError
    """
    front_end = bundle.card.front_end
    samples = recording if isinstance(recording, np.ndarray) else load_audio(recording, front_end.sample_rate)
    return attribute_samples(
        network or load_keras(bundle.folder / KERAS),
        samples,
        time_s,
        genres=bundle.card.genres,
        front_end=front_end,
        genre=genre,
        kept_share=kept_share,
        silence_dbfs=bundle.card.silence_dbfs,
    )


def attribute_samples(
    network: keras.Model,
    samples: NDArray[np.float32],
    time_s: float,
    *,
    genres: tuple[str, ...],
    front_end: FrontEnd,
    genre: str | None = None,
    kept_share: float = KEPT_SHARE,
    silence_dbfs: float = -np.inf,
) -> TimedAttribution:
    """As `attribute_at`, for a network that is in no bundle yet and samples (n,) at the front end's rate.

    Raises
    ------
    ParameterError
        The time is not in the recording, or the genre is unknown.
    AudioError
        The recording is too short, or silent (below `silence_dbfs`) at that time.
    """
    length_s = len(samples) / front_end.sample_rate
    # A player's clock may be ahead of the samples by what a coder has padded.
    if not 0 <= time_s <= length_s + _CODER_PADS_S:
        raise ParameterError(f"The recording has no moment at {time_s:g} s: choose one from 0 to {length_s:.1f} s.")
    log_mel = front_end.log_mel(samples)
    step = step_at(network, len(log_mel), time_s, front_end)
    if step < 0:
        least = front_end.n_samples(timing_of(network).minimum_frames) / front_end.sample_rate
        raise AudioError(f"The recording is too short: the model needs at least {least:.2f} s.")
    attribution = attribute_step(network, log_mel, step, genres=genres, front_end=front_end, genre=genre)
    start = attribution.first_frame * front_end.hop_length
    heard = samples[start : start + front_end.n_samples(len(attribution.log_mel))]
    level = 10 * np.log10(max(float(front_end.frame_power(heard).mean()), 1e-12))
    if level < silence_dbfs:
        raise AudioError(f"There is silence at {time_s:g} s, so nothing speaks for a genre: choose another moment.")
    mask = attribution.strongest(kept_share)
    kept, without = masked_sound(heard, mask, front_end), masked_sound(heard, ~mask, front_end)
    return TimedAttribution(attribution, heard, kept, without, front_end.sample_rate)


def save_attribution(moment: TimedAttribution, folder: str | Path) -> None:
    """Write heard.flac, kept.flac, without.flac, attribution.json and attribution.npz; RunError if it cannot."""
    folder = Path(folder)
    try:
        _save(moment, folder)
    except (OSError, soundfile.SoundFileError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"{folder} cannot be written ({reason}): choose another folder.") from error


def _save(moment: TimedAttribution, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, samples in moment.sounds().items():
        soundfile.write(folder / f"{name}.flac", samples, moment.sample_rate)
    one = moment.attribution
    values = {
        "genre": one.genre,
        "belief": round(one.belief, 6),
        "log_odds": round(one.log_odds, 6),
        "baseline_log_odds": round(one.baseline_log_odds, 6),
        "completeness_error": round(one.completeness_error, 6),
        "step": one.step,
        "span_s": [round(second, 4) for second in one.span_s],
    }
    write_text(folder / "attribution.json", to_json(values, indent=1) + "\n")
    one.save(folder / ARRAYS)


def write_attribution(moment: TimedAttribution, folder: str | Path) -> Path:
    """As `save_attribution`, and the picture (HTML; PNG where a browser is)."""
    from genre_lib.figures.attribution import attribution_figure
    from genre_lib.figures.files import save_figure

    folder = Path(folder)
    save_attribution(moment, folder)
    save_figure(attribution_figure(moment.attribution), folder, "attribution", formats=("html", "png"))
    return folder / "attribution.html"
