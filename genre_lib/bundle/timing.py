"""The timing of a network: how often it answers, and which frames an answer depends on (its receptive field)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Which frames each step of a network depends on.

    Attributes
    ----------
    step_frames : int > 0
        Frames from one step to the next, `S`.
    first_frame : int
        First frame of step 0, `o`; negative where the network pads before its start.
    receptive_field_frames : int > 0
        Frames that a step depends on, `R`.
    minimum_frames : int > 0
        Frames needed for the first step.

    Examples
    --------
    >>> timing = Timing(step_frames=4, first_frame=-36, receptive_field_frames=40, minimum_frames=4)
    >>> timing.n_steps(387), timing.input_frames(0), timing.input_frames(10)
    (96, (0, 4), (4, 44))
    """

    step_frames: int
    first_frame: int
    receptive_field_frames: int
    minimum_frames: int

    def n_steps(self, n_frames: int) -> int:
        """Steps that the network gives for `n_frames`."""
        return max(0, (n_frames - self.first_frame - self.receptive_field_frames) // self.step_frames + 1)

    def input_frames(self, step: int) -> tuple[int, int]:
        """First frame and the one after the last that `step` depends on, of those that exist."""
        start = step * self.step_frames + self.first_frame
        return max(0, start), start + self.receptive_field_frames
