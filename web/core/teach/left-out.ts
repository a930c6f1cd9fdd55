/** Which songs are left out together. genre_lib/training/teaching/left_out.py, where each song is a group of its own. */

const N_FOLDS = 10;

/**
 * @param labels of each song, the songs in the order of their names
 * @returns indices of songs; none without which nothing of a genre is left
 */
export function leftOut(labels: readonly number[]): number[][] {
  if (labels.length < 2) return [];
  const nFolds = Math.min(N_FOLDS, labels.length);
  const folds = Array.from({ length: nFolds }, (_, fold) => labels.map((_, song) => song).filter((song) => song % nFolds === fold));
  return folds
    .map((fold) => fold.filter((song) => labels.some((label, other) => label === labels[song] && !fold.includes(other))))
    .filter((fold) => fold.length > 0);
}
