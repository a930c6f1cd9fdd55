import type { Card } from "../bundle/card.ts";

/** A card of three genres whose steps come every 4 frames and hear 12, for tests of the arithmetic. */
export function smallCard(changes: Partial<Card> = {}): Card {
  const front_end = { sample_rate: 1000, n_fft: 64, hop_length: 50, n_mels: 4, f_min: 0, f_max: 500, amin: 1e-12 };
  return {
    schema_version: 1, name: "small", version: "1.0.0", description: "For tests.", genres: ["a", "b", "c"], front_end,
    timing: {
      step_frames: 4, first_frame: -8, receptive_field_frames: 12, minimum_frames: 4,
      step_period_s: 0.2, receptive_field_s: (11 * 50 + 64) / 1000,
    },
    smoothing_s: 3, temperatures: { step: 1.7, smoothed: 1.4, clip: 1 }, unsure_below: { step: 0.4, smoothed: 0.45, clip: 0.5 },
    silence_dbfs: -60, metrics: [], training: {}, limits: [], licence: "MIT", versions: {}, files: {}, ...changes,
  };
}
