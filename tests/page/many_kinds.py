"""A model unlike the one that ships: `python -m tests.page.many_kinds FOLDER` writes its bundle.

In a process of its own, because TensorFlow and a browser's event loop are better kept apart.
"""

from __future__ import annotations

import sys
from pathlib import Path

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.card import BySpan, Card
from genre_lib.export.write_bundle import write_bundle
from genre_lib.networks import build
from genre_lib.networks.receptive_field import timing_of
from genre_lib.networks.tensorflow_setup import keras

N_GENRES = 25
FRONT_END = FrontEnd(sample_rate=16000, n_fft=1024, hop_length=640, n_mels=48, f_max=8000.0)


def main(folder: Path) -> None:
    """Write an untrained network for 25 kinds of music that hears 16 kHz, 48 bands, 25 frames a second."""
    keras.utils.set_random_seed(25)
    model = build("residual", n_genres=N_GENRES, n_mels=FRONT_END.n_mels)
    card = Card(
        name="many-kinds",
        version="0.1.0",
        description="Untrained.",
        genres=tuple(f"kind {number}" for number in range(1, N_GENRES + 1)),
        front_end=FRONT_END,
        timing=timing_of(model),
        smoothing_s=1.5,
        temperatures=BySpan(1.0, 1.0, 1.0),
        unsure_below=BySpan(0.01, 0.01, 0.01),
        silence_dbfs=-80.0,
        limits=("It is untrained.",),
        licence="MIT",
    )
    write_bundle(folder, model, card)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
