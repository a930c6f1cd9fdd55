/** Minimising a smooth convex function: L-BFGS (Liu and Nocedal, 1989) with a search along the line for enough descent. */
import { dot } from "./matrix.ts";

const MEMORY = 20;
const ITERATIONS = 500;
/** The descent that is asked of a step, as a share of what the slope promises. */
const ENOUGH = 1e-4;
const HALVINGS = 40;

/**
 * @param evaluate fills `slope` and returns the value
 * @param start where to begin; is left as it is
 * @param flat the largest slope at which it ends
 */
export function minimise(evaluate: (x: Float64Array, slope: Float64Array) => number, start: Float64Array, flat = 1e-6): Float64Array {
  let x = Float64Array.from(start);
  let slope = new Float64Array(x.length);
  let value = evaluate(x, slope);
  const moves: { readonly step: Float64Array; readonly change: Float64Array; readonly rho: number }[] = [];
  for (let iteration = 0; iteration < ITERATIONS && largest(slope) > flat; iteration++) {
    const direction = downhill(slope, moves);
    const promised = dot(direction, slope);
    let length = moves.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(slope, slope))) : 1;
    const nextSlope = new Float64Array(x.length);
    let next = x;
    let nextValue = value;
    for (let halving = 0; halving < HALVINGS; halving++, length /= 2) {
      next = x.map((each, i) => each + length * direction[i]);
      nextValue = evaluate(next, nextSlope);
      if (nextValue <= value + ENOUGH * length * promised) break;
    }
    if (!(nextValue < value)) break;
    const step = next.map((each, i) => each - x[i]);
    const change = nextSlope.map((each, i) => each - slope[i]);
    const along = dot(step, change);
    if (along > 0) moves.push({ step, change, rho: 1 / along });
    if (moves.length > MEMORY) moves.shift();
    [x, slope, value] = [next, nextSlope, nextValue];
  }
  return x;
}

type Moves = readonly { readonly step: Float64Array; readonly change: Float64Array; readonly rho: number }[];

function downhill(slope: Float64Array, moves: Moves): Float64Array {
  const direction = slope.map((each) => -each);
  const shares: number[] = [];
  for (const { step, change, rho } of moves.toReversed()) {
    const share = rho * dot(step, direction);
    shares.push(share);
    add(direction, change, -share);
  }
  const last = moves.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.change, last.change));
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  for (const { step, change, rho } of moves) add(direction, step, shares.pop()! - rho * dot(change, direction));
  return direction;
}

function add(target: Float64Array, other: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * other[i];
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
