/** What the stream is drawn from: a curve, the stretch of time in view, and the page's colours and typefaces. */
import type { State } from "../curve/reading.ts";
import type { DisplaySettings, Recording } from "../listening/recording.ts";
import type { Rgb } from "./palette.ts";

/** What is to be drawn: a curve with the time of each step. */
export interface StreamData {
  readonly genres: readonly string[];
  readonly colours: readonly Rgb[];
  readonly nSteps: number;
  /** seconds, increasing */
  readonly times: ArrayLike<number>;
  /** row-major `(nSteps, nGenres)` */
  readonly probabilities: ArrayLike<number>;
  readonly states: readonly State[];
  /** waveform, one value per `peakPeriodS` from `peakStartS` on */
  readonly peaks: ArrayLike<number>;
  readonly peakPeriodS: number;
  readonly peakStartS: number;
  /** magnitude that is drawn over the full height */
  readonly fullScale: number;
  /** the genre that alone is lit, or null */
  readonly lit: number | null;
  /** seconds: the sound known so far ends here */
  readonly endS: number;
}

/** A recording as it is drawn; while live sound flows its latest minute, or `all` that is kept. */
export function streamOf(recording: Recording, settings: DisplaySettings, colours: readonly Rgb[], { lit = null as number | null, all = false } = {}): StreamData {
  const { shown, times } = recording.shown(settings, all);
  return {
    genres: recording.card.genres, colours, nSteps: shown.nSteps, times, probabilities: shown.probabilities, states: shown.states, lit,
    peaks: recording.peaks, peakPeriodS: recording.hopS, peakStartS: recording.startS, fullScale: Math.max(1, recording.largestPeak), endS: recording.heardS,
  };
}

export interface StreamFrame {
  /** CSS pixels */
  readonly width: number;
  readonly height: number;
  /** seconds shown at the left and at the right edge */
  readonly fromS: number;
  readonly toS: number;
  /** label of a moment on the time axis */
  readonly tick: (seconds: number) => string;
}

export interface StreamTheme {
  readonly paper: Rgb;
  readonly ink: Rgb;
  readonly faint: Rgb;
  readonly line: Rgb;
  readonly fontFamily: string;
  /** for the large names */
  readonly displayFamily: string;
}
