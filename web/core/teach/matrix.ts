/** The little linear algebra that teaching needs: matrices as lists of rows. */
export type Row = Float64Array;
export type Rows = readonly Row[];

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** @returns `row` times the symmetric `matrix` */
export function timesSymmetric(row: ArrayLike<number>, matrix: Rows): Row {
  return Float64Array.from(matrix, (other) => dot(row, other));
}

export function meanOf(rows: Rows): Row {
  const mean = new Float64Array(rows[0].length);
  for (const row of rows) for (let i = 0; i < mean.length; i++) mean[i] += row[i] / rows.length;
  return mean;
}

/** Most sweeps over all pairs; six to ten are enough for any matrix of a few hundred rows. */
const SWEEPS = 30;
/** A share of the trace below which a number is none. */
const NOTHING = 1e-16;

/**
 * A function of a symmetric matrix, by its eigenvalues: cyclic Jacobi rotations.
 *
 * @param change what becomes of an eigenvalue, given the greatest of them
 */
export function ofEigenvalues(matrix: Rows, change: (value: number, greatest: number) => number): Rows {
  const n = matrix.length;
  const a = matrix.map((row) => Float64Array.from(row));
  const vectors = a.map((_, i) => Float64Array.from(a, (_, j) => (i === j ? 1 : 0)));
  const trace = a.reduce((sum, row, i) => sum + Math.abs(row[i]), 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        off = Math.max(off, Math.abs(a[p][q]));
        if (Math.abs(a[p][q]) > NOTHING * trace) rotate(a, vectors, p, q);
      }
    }
    if (off <= NOTHING * trace) break;
  }
  const values = a.map((row, i) => row[i]);
  const greatest = Math.max(...values);
  const changed = values.map((value) => change(value, greatest));
  // `vectors` has an eigenvector in each row.
  return a.map((_, i) => {
    const row = new Float64Array(n);
    for (let k = 0; k < n; k++) {
      const factor = vectors[k][i] * changed[k];
      for (let j = 0; j < n; j++) row[j] += factor * vectors[k][j];
    }
    return row;
  });
}

/** Makes a[p][q] zero. */
function rotate(a: Row[], vectors: Row[], p: number, q: number): void {
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  turn(a[p], a[q], c, s);
  for (const row of a) {
    const [x, y] = [row[p], row[q]];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  turn(vectors[p], vectors[q], c, s);
}

function turn(one: Row, other: Row, c: number, s: number): void {
  for (let i = 0; i < one.length; i++) {
    const [x, y] = [one[i], other[i]];
    one[i] = c * x - s * y;
    other[i] = s * x + c * y;
  }
}
