/** golden.json: a test signal with what the front end and the network must make of it. */
import { BundleError, goldenTolerance, type Card } from "./card.ts";
import { softmax } from "../curve/spans.ts";
import { MelStream } from "../dsp/mel.ts";
import { StepStream, type StepNetwork } from "../model/step-stream.ts";

const LOG_MEL_TOLERANCE_DB = 1e-3;

export interface Golden {
  readonly signal: Float32Array;
  readonly logMel: Float32Array;
  readonly stepLogits: Float32Array;
}

/** What the check measured: the largest differences found. */
export interface GoldenDifference {
  readonly logMelDb: number;
  readonly probability: number;
}

interface EncodedArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly base64: string;
}

/** @throws BundleError if the text is not the golden.json of docs/bundle.md */
export function parseGolden(text: string): Golden {
  try {
    const golden = JSON.parse(text) as Record<string, EncodedArray>;
    return {
      signal: decode(golden["signal"]),
      logMel: decode(golden["log_mel"]),
      stepLogits: decode(golden["step_logits"]),
    };
  } catch {
    throw new BundleError("This model's golden.json is not readable, so the model could not be checked.");
  }
}

/**
 * Runs the test signal through this page's front end and network.
 *
 * @throws BundleError if either differs by more than docs/bundle.md allows
 */
export function checkGolden(golden: Golden, card: Card, melBank: Float32Array, network: StepNetwork): GoldenDifference {
  const frames = new MelStream(card.front_end, melBank).push(golden.signal);
  if (frames.logMel.length !== golden.logMel.length) {
    throw new BundleError("This model's golden.json holds another number of frames than its front end makes.");
  }
  const logMelDb = largestDifference(frames.logMel, golden.logMel);
  if (!(logMelDb <= LOG_MEL_TOLERANCE_DB)) {
    throw new BundleError(`This model's front end differs from its golden.json by ${logMelDb.toPrecision(2)} dB, so its answers here would be wrong.`);
  }
  const steps = new StepStream(network, card.timing);
  steps.add({ ...frames, logMel: golden.logMel });
  const logits = steps.run().logits;
  if (logits.length !== golden.stepLogits.length) {
    throw new BundleError("This model's golden.json holds another number of steps than its network makes.");
  }
  const nGenres = card.genres.length;
  let probability = 0;
  for (let at = 0; at < logits.length; at += nGenres) {
    const ours = softmax(logits.subarray(at, at + nGenres), 1);
    const theirs = softmax(golden.stepLogits.subarray(at, at + nGenres), 1);
    probability = Math.max(probability, largestDifference(ours, theirs));
  }
  if (!(probability <= goldenTolerance(card))) {
    throw new BundleError(`This model's network differs from its golden.json by ${probability.toPrecision(2)} in probability, so its answers here would be wrong.`);
  }
  return { logMelDb, probability };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    // NaN must not pass as equal.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

function decode(array: EncodedArray): Float32Array {
  const bytes = Uint8Array.from(atob(array.base64), (character) => character.charCodeAt(0));
  const values =
    array.dtype === "int16" ? Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768) : new Float32Array(bytes.buffer);
  if (values.length !== array.shape.reduce((product, n) => product * n, 1)) throw new RangeError("shape");
  return values;
}
