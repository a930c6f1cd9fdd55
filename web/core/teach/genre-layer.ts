/** What a network reads its genres with, as the constants of its last layers. */
import { BundleError } from "../bundle/card.ts";
import type { Learnt } from "./learn.ts";

/**
 * Logits are `features * kernel + bias` or, where the network bends them (`genre_lib.networks.with_clipped_logits`),
 * `tanh((features * kernel + bias) * before) * after`.
 */
export interface GenreLayer {
  readonly nGenres: number;
  readonly nFeatures: number;
  /** row-major `(n_genres, n_features)` */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  readonly bend: { readonly before: Float32Array; readonly after: Float32Array } | null;
}

/** Where the tanh of a number is the number itself, to the precision of float32. */
const STRAIGHT = 2 ** -16;

/**
 * The constants for what was learnt. A network that bends its logits goes on doing so with the genres it knew; those of
 * the new ones pass where the bend is straight.
 *
 * @param bends whether the network bends its logits
 */
export function genreLayerOf({ head, known }: Learnt, bends: boolean): GenreLayer {
  const rows = [...(known?.head.rows ?? []), ...head.rows];
  const nKnown = known?.head.rows.length ?? 0;
  const scales = (ofKnown: number, ofNew: number) => Float32Array.from(rows, (_, k) => (k < nKnown ? ofKnown : ofNew));
  return {
    nGenres: rows.length,
    nFeatures: rows[0].length,
    kernel: Float32Array.from(rows.flatMap((row) => [...row])),
    bias: Float32Array.of(...(known?.head.bias ?? []), ...head.bias),
    bend: bends ? { before: scales(1 / (known?.limit || 1), STRAIGHT), after: scales(known?.limit || 1, 1 / STRAIGHT) } : null,
  };
}

/** @throws BundleError that says which file reads its genres in a way that is not known here */
export function unknownNetwork(path: string): never {
  throw new BundleError(`This model's ${path} reads its genres in a way that this page cannot change: use \`genre teach\` instead.`);
}
