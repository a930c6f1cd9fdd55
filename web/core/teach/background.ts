/** What is neither of the taught genres, as background.json tells it: genre_lib/training/teaching/background.py. */
import { BundleError } from "../bundle/card.ts";
import { ofEigenvalues, timesSymmetric, type Row, type Rows } from "./matrix.ts";
import { normal, uniform } from "./random.ts";

/** The newest version of the file that is understood here; the first told nothing of known genres. */
const VERSION = 2;

/** Clusters of spans with their shares. */
interface Clusters {
  readonly centres: Rows;
  readonly shares: Float64Array;
}

/** Spans of other sounds: clusters with their shares, and one covariance about their centres. */
export class Background {
  private readonly root: Rows;

  constructor(
    private readonly centres: Rows,
    private readonly shares: Float64Array,
    private readonly nMusic: number,
    /** covariance of spans about their centres */
    readonly within: Rows,
    /** mean step features of the golden signal: whose network's features these are */
    readonly golden: Float64Array,
    /** of the music that the network learnt each of its genres from */
    private readonly known: readonly Clusters[] = [],
  ) {
    // The symmetric root: there is only one, whoever finds the eigenvectors.
    this.root = ofEigenvalues(within, (value) => Math.sqrt(Math.max(value, 0)));
  }

  /** @throws BundleError if the text is not the background.json of docs/bundle.md */
  static parse(text: string): Background {
    let version = 1;
    try {
      const stored = JSON.parse(text);
      version = stored.version ?? 1;
      const n: number = stored.n_features;
      const shares = floats(stored.shares);
      const steps = floats(stored.centre_steps);
      const centres = centresOf(stored.centres, shares.length, steps);
      const upper = halves(stored.within_upper);
      const within = Array.from({ length: n }, () => new Float64Array(n));
      let at = 0;
      for (let i = 0; i < n; i++) for (let j = i; j < n; j++) within[i][j] = within[j][i] = upper[at++];
      if (at !== upper.length || steps.length !== n || version > VERSION) throw new RangeError("shape");
      return new Background(centres, shares, stored.n_music, within, floats(stored.golden), stored.known ? knownOf(stored.known, steps) : []);
    } catch {
      if (version > VERSION) throw new BundleError("This model's background.json is newer than this page: reload the page, then teach it.");
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
    const [from, to] = music ? [0, this.nMusic] : [this.nMusic, this.shares.length];
    return this.scattered(chosen({ centres: this.centres.slice(from, to), shares: this.shares.subarray(from, to) }, uniform(n, 2 * seed)), seed);
  }

  /** As many spans of each known genre, one genre after the other. */
  drawKnown(n: number, seed: number): Row[] {
    const numbers = uniform(n * this.known.length, 2 * seed);
    return this.scattered(this.known.flatMap((genre, i) => chosen(genre, numbers.subarray(i * n, (i + 1) * n))), seed);
  }

  private scattered(centres: Rows, seed: number): Row[] {
    const nFeatures = this.golden.length;
    const noise = normal(centres.length * nFeatures, 2 * seed + 1);
    return centres.map((centre, i) => {
      const scatter = timesSymmetric(noise.subarray(i * nFeatures, (i + 1) * nFeatures), this.root);
      return scatter.map((value, j) => Math.max(value + centre[j], 0));
    });
  }
}

/** A centre for each number from (0, 1), as often as the shares say. */
function chosen({ centres, shares }: Clusters, numbers: Float64Array): Rows {
  let sum = 0;
  const cumulative = Array.from(shares, (share) => (sum += share));
  return Array.from(numbers, (number) => centres[cumulative.findIndex((end) => end >= number * sum)]);
}

/** Centres in bytes, in steps of each feature. @throws RangeError if there are not as many */
function centresOf(base64: string, n: number, steps: Float64Array): Rows {
  const packed = bytesOf(base64);
  if (packed.length !== n * steps.length) throw new RangeError("shape");
  return Array.from({ length: n }, (_, i) => steps.map((step, j) => packed[i * steps.length + j] * step));
}

function knownOf(stored: { readonly n_clusters: readonly number[]; readonly centres: string; readonly shares: string }, steps: Float64Array): Clusters[] {
  const shares = floats(stored.shares);
  const centres = centresOf(stored.centres, shares.length, steps);
  let end = 0;
  const known = stored.n_clusters.map((n) => ({ centres: centres.slice(end, end + n), shares: shares.subarray(end, (end += n)) }));
  if (end !== shares.length) throw new RangeError("shape");
  return known;
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
