/** What is neither of the taught genres, as background.json tells it: genre_lib/training/teaching/background.py. */
import { BundleError } from "../bundle/card.ts";
import { ofEigenvalues, timesSymmetric, type Row, type Rows } from "./matrix.ts";
import { normal, uniform } from "./random.ts";

/** Spans of other sounds: clusters with their shares, and one covariance about their centres. */
export class Background {
  private readonly root: Rows;

  constructor(
    private readonly centres: Rows,
    private readonly shares: Float64Array,
    private readonly nMusic: number,
    private readonly within: Rows,
    /** mean step features of the golden signal: whose network's features these are */
    readonly golden: Float64Array,
  ) {
    // The symmetric root: there is only one, whoever finds the eigenvectors.
    this.root = ofEigenvalues(within, (value) => Math.sqrt(Math.max(value, 0)));
  }

  /** @throws BundleError if the text is not the background.json of docs/bundle.md */
  static parse(text: string): Background {
    try {
      const stored = JSON.parse(text);
      const n: number = stored.n_features;
      const shares = floats(stored.shares);
      const steps = floats(stored.centre_steps);
      const packed = bytesOf(stored.centres);
      const centres = Array.from(shares, (_, i) => steps.map((step, j) => packed[i * n + j] * step));
      const upper = halves(stored.within_upper);
      const within = Array.from({ length: n }, () => new Float64Array(n));
      let at = 0;
      for (let i = 0; i < n; i++) for (let j = i; j < n; j++) within[i][j] = within[j][i] = upper[at++];
      if (at !== upper.length || packed.length !== shares.length * n || steps.length !== n) throw new RangeError("shape");
      return new Background(centres, shares, stored.n_music, within, floats(stored.golden));
    } catch {
      throw new BundleError("This model's background.json is not readable, so nothing can be taught to it.");
    }
  }

  /** Mean of the music. */
  mean(): Row {
    const mean = new Float64Array(this.golden.length);
    for (let k = 0; k < this.nMusic; k++) for (let i = 0; i < mean.length; i++) mean[i] += this.shares[k] * this.centres[k][i];
    return mean;
  }

  /** Covariance of the music's spans. */
  covariance(): Rows {
    const mean = this.mean();
    const sum = this.within.map((row) => Float64Array.from(row));
    for (let k = 0; k < this.nMusic; k++) {
      const away = this.centres[k].map((value, i) => value - mean[i]);
      for (let i = 0; i < away.length; i++) for (let j = 0; j < away.length; j++) sum[i][j] += this.shares[k] * away[i] * away[j];
    }
    return sum;
  }

  /** Spans like those that were heard; features are never negative. */
  draw(n: number, { music, seed }: { readonly music: boolean; readonly seed: number }): Row[] {
    const first = music ? 0 : this.nMusic;
    const cumulative: number[] = [];
    let sum = 0;
    for (const share of this.shares.subarray(first, music ? this.nMusic : undefined)) cumulative.push((sum += share));
    const chosen = uniform(n, 2 * seed);
    const nFeatures = this.golden.length;
    const noise = normal(n * nFeatures, 2 * seed + 1);
    return Array.from(chosen, (share, i) => {
      const centre = this.centres[first + cumulative.findIndex((end) => end >= share * sum)];
      const scatter = timesSymmetric(noise.subarray(i * nFeatures, (i + 1) * nFeatures), this.root);
      return scatter.map((value, j) => Math.max(value + centre[j], 0));
    });
  }
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function floats(base64: string): Float64Array {
  return Float64Array.from(new Float32Array(bytesOf(base64).buffer));
}

/** Numbers in half precision; Float16Array is not everywhere yet. */
function halves(base64: string): Float64Array {
  return Float64Array.from(new Uint16Array(bytesOf(base64).buffer), (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}
