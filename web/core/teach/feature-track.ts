/** What the network heard in one recording, so that it can be read anew and learnt from. */
import type { Steps } from "../model/step-stream.ts";
import type { StepFeatures } from "./spans.ts";

type HeardSteps = Steps & { readonly features?: Float32Array };

export class FeatureTrack {
  private parts: { readonly first: number; readonly levels: Float32Array; readonly features: Float32Array }[] = [];
  private nSteps = 0;

  /** @param capacity the most steps to keep, about; the oldest are forgotten */
  constructor(private readonly capacity = Infinity) {}

  add({ first, count, levels, features }: HeardSteps): void {
    if (count === 0 || !features || features.length === 0) return;
    this.parts.push({ first, levels, features });
    this.nSteps += count;
    while (this.nSteps > this.capacity) this.nSteps -= this.parts.shift()!.levels.length;
  }

  /** The steps that are kept, read by something else; null where there are none. */
  reread(logitsOf: (features: Float32Array) => ArrayLike<number>): Steps | null {
    if (this.nSteps === 0) return null;
    const rows = this.rows().map(logitsOf);
    const logits = new Float32Array(rows.length * rows[0].length);
    rows.forEach((row, i) => logits.set(row, i * row.length));
    const levels = Float32Array.from(this.parts.flatMap((part) => [...part.levels]));
    return { first: this.parts[0].first, count: rows.length, logits, levels };
  }

  /** Without the steps below a level; null where nothing is left. */
  loud(silenceDbfs: number): StepFeatures | null {
    const levels = this.parts.flatMap((part) => [...part.levels]);
    const rows = this.rows().filter((_, i) => levels[i] >= silenceDbfs);
    if (rows.length === 0) return null;
    const nFeatures = rows[0].length;
    const values = new Float32Array(rows.length * nFeatures);
    rows.forEach((row, i) => values.set(row, i * nFeatures));
    return { nFeatures, values };
  }

  private rows(): Float32Array[] {
    return this.parts.flatMap(({ levels, features }) => {
      const n = features.length / levels.length;
      return Array.from(levels, (_, i) => features.subarray(i * n, (i + 1) * n));
    });
  }
}
