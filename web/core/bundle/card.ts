/** The model card: the types of `genre_lib/bundle/card.schema.json`, and its validation by that very file. */
import validate from "virtual:card-validator";

export interface FrontEnd {
  readonly sample_rate: number;
  readonly n_fft: number;
  readonly hop_length: number;
  readonly n_mels: number;
  readonly f_min: number;
  readonly f_max: number;
  readonly amin: number;
}

export interface Timing {
  readonly step_frames: number;
  readonly first_frame: number;
  readonly receptive_field_frames: number;
  readonly minimum_frames: number;
  readonly step_period_s: number;
  readonly receptive_field_s: number;
}

export interface BySpan {
  readonly step: number;
  readonly smoothed: number;
  readonly clip: number;
}

export interface BySize {
  /** mean logits are divided by their size, at least by this */
  readonly least_size: number;
  readonly temperatures: BySpan;
  readonly unsure_below: BySpan;
}

/** A value for the newest moment of live sound, and one for a moment that knows its future too. */
export interface LiveAndFile {
  readonly live: number;
  readonly file: number;
}

export interface PathSettings {
  readonly evidence_weight: number;
  /** seconds */
  readonly mean_duration_s: number;
  /** seconds: the shortest segment */
  readonly least_s: number;
}

/** How a recording is believed as pieces; docs/bundle.md ("Pieces"). */
export interface PieceSettings {
  readonly block_steps: number;
  /** seconds */
  readonly mean_duration_s: number;
  /** seconds */
  readonly longest_s: number;
  /** one number a genre */
  readonly origin: readonly number[];
  /** each with one number a genre */
  readonly directions: readonly (readonly number[])[];
  /** one a direction */
  readonly gains: readonly number[];
  /** how probable it is that the next piece is of the same genre; without it, its genre is any */
  readonly same_genre?: number;
  /** without a least size the mean is not divided by the size of the piece's logits */
  readonly sharpness: { readonly one_step: number; readonly growth: number; readonly least_size?: number };
}

export interface NewestSettings {
  readonly weight: number;
  readonly least_size: number;
}

/** How steps become a belief; what each is for stands in docs/bundle.md ("Belief"). */
export interface BeliefSettings {
  readonly evidence_weight: LiveAndFile;
  /** seconds: how long a genre is expected to last */
  readonly mean_duration_s: number;
  readonly stages: number;
  readonly temperatures: LiveAndFile;
  readonly named_from: LiveAndFile;
  readonly whole_named_from: number;
  readonly probable_lead: number;
  /** seconds */
  readonly lag_s: number;
  readonly path: PathSettings;
  /** without them a recording is believed by the chain */
  readonly pieces?: PieceSettings;
  /** what a step of live sound counts for its own moment */
  readonly newest?: NewestSettings;
}

export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly interval?: readonly [number, number];
  readonly data_set: string;
  readonly split: string;
  readonly n: number;
  readonly note?: string;
}

export interface Card {
  readonly schema_version: 1 | 2;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly genres: readonly string[];
  readonly front_end: FrontEnd;
  readonly timing: Timing;
  readonly smoothing_s: number;
  readonly temperatures: BySpan;
  readonly unsure_below: BySpan;
  /** how logits are calibrated that are divided by their size; instead of the two above, where there is one */
  readonly by_size?: BySize;
  /** from schema version 2 on */
  readonly belief?: BeliefSettings;
  readonly silence_dbfs: number;
  readonly metrics: readonly Metric[];
  readonly training: Readonly<Record<string, unknown>>;
  readonly report?: Readonly<Record<string, unknown>>;
  readonly limits: readonly string[];
  readonly licence: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly size: number }>>;
}

/** A bundle that cannot be used; the message is a sentence for the person who brought it. */
export class BundleError extends Error {
  override readonly name = "BundleError";
}

/**
 * @param text contents of `card.json`
 * @throws BundleError if it is no JSON or breaks the schema
 */
export function parseCard(text: string): Card {
  let card: unknown;
  try {
    card = JSON.parse(text);
  } catch {
    throw new BundleError("This model's card.json is not readable as JSON, so the model was not loaded.");
  }
  if (!validate(card)) {
    const first = validate.errors?.[0];
    const where = first?.instancePath ? `at "${first.instancePath.slice(1)}"` : "at its top level";
    throw new BundleError(`This model's card.json breaks the card's schema ${where}: ${first?.message ?? "unknown reason"}.`);
  }
  const result = card as Card;
  if (result.timing.first_frame > 0 || result.timing.first_frame + result.timing.receptive_field_frames < 1) {
    throw new BundleError("This model's card.json describes steps that hear no frame, so the model was not loaded.");
  }
  return result;
}

/** Largest allowed difference in probability between this runtime and the golden outputs. */
export function goldenTolerance(card: Card): number {
  const quantisation = card.training["quantisation"];
  if (typeof quantisation === "object" && quantisation !== null && "tolerance" in quantisation) {
    const { tolerance } = quantisation as { tolerance: unknown };
    if (typeof tolerance === "number" && tolerance > 0 && tolerance <= 0.05) return tolerance;
  }
  return 1e-4;
}
