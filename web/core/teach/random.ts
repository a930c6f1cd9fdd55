/** Random numbers that Python draws alike: genre_lib/training/teaching/portable_random.py. */

/** Numbers from the open interval (0, 1): mulberry32. */
export function uniform(n: number, seed: number): Float64Array {
  const numbers = new Float64Array(n);
  let state = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < n; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    numbers[i] = (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  }
  return numbers;
}

/** Normal numbers of mean 0 and variance 1, by Box and Muller. */
export function normal(n: number, seed: number): Float64Array {
  const numbers = uniform(n + (n % 2), seed);
  for (let i = 0; i < numbers.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(numbers[i]));
    const angle = 2 * Math.PI * numbers[i + 1];
    numbers[i] = radius * Math.cos(angle);
    numbers[i + 1] = radius * Math.sin(angle);
  }
  return numbers.subarray(0, n);
}
