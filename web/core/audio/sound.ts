/** What every decoder of this folder has in common: what goes in, what comes out, what goes wrong. */

/** A file that cannot be heard; the message is a sentence for the person who brought it. */
export class AudioFileError extends Error {
  override readonly name = "AudioFileError";
}

/** What is known of a file that only the browser itself may still be able to decode, as a whole. */
export interface Hints {
  /** Hz, where the file's header tells it */
  readonly sampleRate: number | null;
  /** seconds of encoder delay that are not to be heard, in front of the sound */
  readonly delayS: number;
  /** seconds of sound that the file states, encoder delay not counted */
  readonly statedS: number | null;
  /** seconds by which the sound begins later than the pictures */
  readonly lateS: number;
}

/** This browser cannot decode the file piece by piece; decodeAudioData may still manage it as a whole. */
export class NotStreamableError extends Error {
  override readonly name = "NotStreamableError";

  constructor(readonly hints: Hints = { sampleRate: null, delayS: 0, statedS: null, lateS: 0 }) {
    super("This browser cannot decode the file piece by piece.");
  }
}

/** A piece of decoded sound, one array per channel. */
export interface Planes {
  readonly channels: readonly Float32Array[];
  /** Hz; may change from one piece to the next, and so may the number of channels */
  readonly sampleRate: number;
}

/** An opened sound. */
export interface Source {
  /** seconds that are probably in it, for the axis */
  readonly expectedS: number | null;
  /** seconds that the file states, where it does and they fit the rest of it: less is worth a word */
  readonly announcedS: number | null;
  /** The sound, encoder delay cut; what cannot be decoded is left out, or silence where the file has a clock. */
  planes(): AsyncGenerator<Planes>;
  /** Once `planes` has ended: seconds of what was met that could not be decoded. */
  readonly damagedS: number;
  /** Once `planes` has ended: false if the format marks its end and the mark is missing. */
  readonly endMarked: boolean;
  close(): void;
}

/** Seconds: jumps of a container's clock below this are rounding, longer ones are silence. */
export const SMALLEST_GAP_S = 0.05;
/** Seconds: a clock that jumps further is broken. */
export const LARGEST_GAP_S = 600;

export function isGap(seconds: number): boolean {
  return seconds > SMALLEST_GAP_S && seconds < LARGEST_GAP_S;
}

/** Silence in pieces of at most a second. */
export function* silence(frames: number, channels: number, sampleRate: number): Generator<Planes> {
  for (let left = frames; left > 0; left -= sampleRate) {
    yield { channels: Array.from({ length: channels }, () => new Float32Array(Math.min(left, sampleRate))), sampleRate };
  }
}

/** Hz: rates outside are mistakes in a header, nothing is recorded so. */
const [LOWEST_HZ, HIGHEST_HZ] = [1000, 768_000];
const MOST_CHANNELS = 64;

/** @throws AudioFileError if no recording has such a format */
export function checkFormat(name: string, sampleRate: number, channels: number): void {
  if (!(sampleRate >= LOWEST_HZ && sampleRate <= HIGHEST_HZ)) {
    throw new AudioFileError(`${name} says that it has ${sampleRate.toLocaleString("en")} samples a second: rates from 1,000 to 768,000 Hz can be heard, its header is damaged.`);
  }
  if (channels > MOST_CHANNELS) throw new AudioFileError(`${name} says that it has ${channels} channels: up to ${MOST_CHANNELS} can be heard, its header is damaged.`);
}
