/** What follows what: pieces of one genre in a row are rarer, or more frequent, than chance would have it; as in Python. */

/** The first `n` entries are stretches between edges that may be pieces, in the order of their stops. */
export interface Candidates {
  readonly n: number;
  readonly start: Int32Array;
  readonly stop: Int32Array;
  /** that each is a piece, whatever the genres */
  readonly probability: Float64Array;
  /** row-major: what each is by itself; each row sums to 1 */
  readonly genres: Float32Array;
}

/** Makes of what each stretch is by itself how probable it is that it is a piece, of each genre, given what lies beside it. */
export function inTurn({ n, start, stop, probability, genres }: Candidates, nEdges: number, nGenres: number, sameGenre: number): void {
  const begins = new Float64Array(nEdges);
  for (let i = 0; i < n; i++) begins[start[i]] += probability[i];
  // That a piece which begins there ends there.
  const weight = new Float64Array(n);
  const forwards = new Int32Array(n);
  // Numbers are sorted several times faster than by a comparison.
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    weight[i] = (nGenres * probability[i]) / begins[start[i]];
    forwards[i] = i;
    keys[i] = (nEdges - start[i]) * n + i;
  }
  keys.sort();
  const backwards = forwards.map((i) => keys[i] % n);
  const messages = (order: Int32Array, first: number, from: Int32Array, to: Int32Array) => {
    const values = new Float64Array(nEdges * nGenres).fill(1 / nGenres, first * nGenres, (first + 1) * nGenres);
    const scale = new Float64Array(nEdges).fill(-Infinity);
    scale[first] = 0;
    for (let at = 0, end = 0; at < n; at = end) {
      const edge = to[order[at]];
      let largest = -Infinity;
      for (; end < n && to[order[end]] === edge; end++) largest = Math.max(largest, scale[from[order[end]]]);
      if (largest === -Infinity) continue;
      let total = 0;
      for (let k = at; k < end; k++) {
        const i = order[k];
        const share = weight[i] * Math.exp(scale[from[i]] - largest);
        for (let g = 0; g < nGenres; g++) {
          const arriving = share * values[from[i] * nGenres + g] * genres[i * nGenres + g];
          values[edge * nGenres + g] += arriving;
          total += arriving;
        }
      }
      const other = (1 - sameGenre) / (nGenres - 1);
      for (let g = 0; g < nGenres; g++) values[edge * nGenres + g] = other + ((sameGenre - other) * values[edge * nGenres + g]) / total;
      scale[edge] = largest + Math.log(total);
    }
    return { values, scale };
  };
  const last = nEdges - 1;
  const past = messages(forwards, 0, start, stop);
  const future = messages(backwards, last, stop, start);
  for (let i = 0; i < n; i++) {
    const share = nGenres * weight[i] * Math.exp(past.scale[start[i]] + future.scale[stop[i]] - past.scale[last]);
    for (let g = 0; g < nGenres; g++) genres[i * nGenres + g] *= share * past.values[start[i] * nGenres + g] * future.values[stop[i] * nGenres + g];
  }
}
