/** How much surer a taught head may be than it says. genre_lib/training/teaching/temperature.py. */
import { logSumExp } from "./head.ts";

/** Where no song could be left out. */
export const GUESSED_TEMPERATURE = 2;
export const PRIOR_TEMPERATURE = 1.2;
const PRIOR_SD = 0.5;
export const ENOUGH_SONGS = 40;
const [LOWEST, HIGHEST] = [-3, 4];
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export interface Temperature {
  readonly value: number;
  /** songs that were left out to find it */
  readonly nSongs: number;
}

/**
 * The most probable temperature given songs that were left out.
 *
 * @param logits mean over each song
 */
export function fitTemperature(logits: readonly Float64Array[], labels: readonly number[]): Temperature {
  if (logits.length === 0) return { value: GUESSED_TEMPERATURE, nSongs: 0 };
  const loss = (logTemperature: number) => {
    const prior = 0.5 * ((logTemperature - Math.log(PRIOR_TEMPERATURE)) / PRIOR_SD) ** 2;
    return logits.reduce((sum, row, i) => {
      const cooled = row.map((value) => value / Math.exp(logTemperature));
      return sum + logSumExp(cooled) - cooled[labels[i]];
    }, prior);
  };
  const best = minimum(loss, LOWEST, HIGHEST);
  return { value: Math.round(1000 * Math.exp(best)) / 1000, nSongs: logits.length };
}

/** By golden sections. */
function minimum(f: (x: number) => number, low: number, high: number): number {
  while (high - low > 1e-7) {
    const third = GOLDEN * (high - low);
    if (f(high - third) < f(low + third)) high = low + third;
    else low = high - third;
  }
  return (low + high) / 2;
}

/** Where it comes from, for a card. */
export function sentenceOf({ value, nSongs }: Temperature): string {
  if (nSongs === 0) {
    return "Its confidence is a guess, and nothing was measured: a genre has one song, or songs by one artist, so "
      + `that none could be left out and its temperature is a guess of ${GUESSED_TEMPERATURE}.`;
  }
  if (nSongs < ENOUGH_SONGS) {
    return `Its confidence is half a guess: ${nSongs} songs that were left out have moved a temperature of `
      + `${PRIOR_TEMPERATURE}, the prior, to ${value.toFixed(2)}.`;
  }
  return `Its temperature of ${value.toFixed(2)} was fitted on ${nSongs} songs, each left out in turn.`;
}
