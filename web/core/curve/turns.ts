/** What follows what: pieces of one genre in a row are rarer, or more frequent, than chance would have it; as in Python. */

/** A stretch between two edges that may be a piece, how probably, and of which genre. */
export interface Piece {
  readonly start: number;
  readonly stop: number;
  probability: number;
  /** sum to 1 */
  readonly genres: Float64Array;
}

/** Makes of what each stretch is by itself what it is given the pieces beside it; `pieces` are in the order of their stops. */
export function inTurn(pieces: readonly Piece[], nEdges: number, nGenres: number, sameGenre: number): void {
  const begins = new Float64Array(nEdges);
  for (const { start, probability } of pieces) begins[start] += probability;
  // That a piece which begins there ends there.
  const weights = pieces.map(({ start, probability }) => (nGenres * probability) / begins[start]);
  const past = new Messages(nEdges, nGenres, sameGenre);
  const future = new Messages(nEdges, nGenres, sameGenre);
  const last = nEdges - 1;
  pass(past, pieces.map((piece, i) => ({ from: piece.start, to: piece.stop, weight: weights[i], genres: piece.genres })), nEdges);
  pass(future, pieces.map((piece, i) => ({ from: last - piece.stop, to: last - piece.start, weight: weights[i], genres: piece.genres })), nEdges);
  pieces.forEach((piece, i) => {
    const { start, stop, genres } = piece;
    const scale = nGenres * weights[i] * Math.exp(past.scale[start] + future.scale[last - stop] - past.scale[last]);
    let sum = 0;
    for (let g = 0; g < nGenres; g++) sum += genres[g] *= past.values[start * nGenres + g] * future.values[(last - stop) * nGenres + g];
    for (let g = 0; g < nGenres; g++) genres[g] /= sum || 1;
    piece.probability = scale * sum;
  });
}

interface Move {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
  readonly genres: Float64Array;
}

/** At each edge what lies before it makes of a piece that begins there, summing to 1, and the logarithm of its scale. */
class Messages {
  readonly values: Float64Array;
  readonly scale: Float64Array;

  constructor(nEdges: number, private readonly nGenres: number, private readonly sameGenre: number) {
    this.values = new Float64Array(nEdges * nGenres);
    this.scale = new Float64Array(nEdges).fill(-Infinity);
    this.values.fill(1 / nGenres, 0, nGenres);
    this.scale[0] = 0;
  }

  arrive(edge: number, moves: readonly Move[]): void {
    const { nGenres, values, sameGenre } = this;
    const largest = moves.reduce((most, { from }) => Math.max(most, this.scale[from]), -Infinity);
    if (largest === -Infinity) return;
    const at = edge * nGenres;
    let total = 0;
    for (const { from, weight, genres } of moves) {
      const share = weight * Math.exp(this.scale[from] - largest);
      for (let g = 0; g < nGenres; g++) {
        const arriving = share * values[from * nGenres + g] * genres[g];
        values[at + g] += arriving;
        total += arriving;
      }
    }
    const other = (1 - sameGenre) / (nGenres - 1);
    for (let g = 0; g < nGenres; g++) values[at + g] = other + ((sameGenre - other) * values[at + g]) / total;
    this.scale[edge] = largest + Math.log(total);
  }
}

function pass(messages: Messages, moves: readonly Move[], nEdges: number): void {
  const arriving: Move[][] = Array.from({ length: nEdges }, () => []);
  for (const move of moves) arriving[move.to].push(move);
  for (let edge = 1; edge < nEdges; edge++) messages.arrive(edge, arriving[edge]);
}
