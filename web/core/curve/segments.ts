/** A curve as a handful of stretches, for those who read rather than look (docs/bundle.md, "Segments"). */
import { GenreCurve, type Hearing, type ShownCurve } from "./genre-curve.ts";
import { chosen, leaderOf, type BeliefChoice, type State } from "./reading.ts";

export interface Segment {
  /** seconds */
  readonly fromS: number;
  readonly toS: number;
  readonly state: State;
  /** mean belief over what was heard of the stretch */
  readonly probabilities: Float64Array;
  /** the genre named or, while none is, the most probable one */
  readonly leader: number;
}

/** Of models of schema version 1; later ones say it in their cards. */
const LEAST_S = 4;

interface Run {
  readonly first: number;
  readonly stop: number;
  readonly answer: number;
}

/**
 * Cuts what was heard where its genre changes: on the most probable path or, for a model without one, where the moving
 * mean's answer changes, short stretches joined to a neighbour.
 *
 * @param startS seconds: where the oldest kept step begins
 * @param endS seconds: end of what was heard
 */
export function segments(curve: GenreCurve, choice: BeliefChoice, hearing: Hearing, startS: number, endS: number): Segment[] {
  const { nSteps, nGenres, card } = curve;
  if (nSteps === 0) return [];
  const shown = curve.believed(choice, hearing);
  const edge = (step: number) => (step === 0 ? startS : step === nSteps ? endS : (curve.time(step - 1) + curve.time(step)) / 2);
  const path = curve.path(choice);
  const silence = nGenres + 1;
  if (!path || !card.belief) {
    const answers = Int32Array.from(shown.states, (state, i) =>
      state === "silence" ? silence : state === "unsure" ? nGenres : leaderOf(rowOf(shown, i, nGenres)).genre);
    return joined(answers, edge, LEAST_S).map(({ first, stop, answer }) => {
      const probabilities = meanOf(shown, nGenres, first, stop, (step) => answers[step] === answer);
      const state: State = answer === silence ? "silence" : answer === nGenres ? "unsure" : "music";
      const leader = answer < nGenres ? answer : leaderOf(probabilities).genre;
      return { fromS: edge(first), toS: edge(stop), state, probabilities, leader };
    });
  }
  const settings = chosen(card.belief, choice);
  const quiet = Int32Array.from({ length: nSteps }, (_, step) => (curve.isSilent(step) ? 1 : 0));
  for (const { first, stop, answer } of runs(quiet)) {
    if (answer === 1 && (stop - first) * card.timing.step_period_s >= settings.path.least_s) path.fill(silence, first, stop);
  }
  return runs(path).map(({ first, stop, answer }) => {
    const heard = answer !== silence && quiet.subarray(first, stop).includes(0);
    const probabilities = meanOf(shown, nGenres, first, stop, heard ? (step) => quiet[step] === 0 : () => true);
    if (!heard) return { fromS: edge(first), toS: edge(stop), state: "silence", probabilities, leader: leaderOf(probabilities).genre };
    const lead = probabilities[answer] - Math.max(...probabilities.map((p, g) => (g === answer ? 0 : p)));
    let state: State = "unsure";
    if (lead >= 0 && probabilities[answer] >= settings.named_from.file) state = "music";
    else if (lead >= settings.probable_lead) state = "probable";
    return { fromS: edge(first), toS: edge(stop), state, probabilities, leader: answer };
  });
}

function runs(values: Int32Array): Run[] {
  const found: Run[] = [];
  for (let first = 0, stop = 1; stop <= values.length; stop++) {
    if (stop < values.length && values[stop] === values[first]) continue;
    found.push({ first, stop, answer: values[first] });
    first = stop;
  }
  return found;
}

/** Runs of which the short ones were given to the longer of their neighbours, shortest first. */
function joined(answers: Int32Array, edge: (step: number) => number, leastS: number): Run[] {
  let found = runs(answers);
  const length = ({ first, stop }: Run) => edge(stop) - edge(first);
  while (found.length > 1) {
    const shortest = found.reduce((best, run, i) => (length(run) < length(found[best]) ? i : best), 0);
    if (length(found[shortest]) >= leastS) break;
    const before = found[shortest - 1];
    const after = found[shortest + 1];
    const winner = !after || (before && length(before) >= length(after)) ? before : after;
    found[shortest] = { ...found[shortest], answer: winner.answer };
    const merged: Run[] = [];
    for (const run of found) {
      const last = merged.at(-1);
      if (last?.answer === run.answer) merged[merged.length - 1] = { ...last, stop: run.stop };
      else merged.push(run);
    }
    found = merged;
  }
  return found;
}

function meanOf(shown: ShownCurve, nGenres: number, first: number, stop: number, counts: (step: number) => boolean): Float64Array {
  const mean = new Float64Array(nGenres);
  let n = 0;
  for (let step = first; step < stop; step++) {
    if (!counts(step)) continue;
    n++;
    for (let g = 0; g < nGenres; g++) mean[g] += shown.probabilities[step * nGenres + g];
  }
  return mean.map((sum) => sum / n);
}

function rowOf(shown: ShownCurve, step: number, nGenres: number): Float32Array {
  return shown.probabilities.subarray(step * nGenres, (step + 1) * nGenres);
}
