/** Numbers and times as people read them. */

/** "0:07", "3:45", "1:02:09" */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(s).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
}

/** "0:07.4": where a second is too coarse */
export function preciseClock(seconds: number): string {
  const tenths = Math.max(0, Math.round(10 * seconds));
  return `${clock(tenths / 10)}.${tenths % 10}`;
}

/** "61 %", held together by a no-break space; never a 100 % or 0 % that is not exact */
export function percent(probability: number): string {
  if (probability > 0.99 && probability < 1) return ">\u00a099\u00a0%";
  if (probability > 0 && probability < 0.01) return "<\u00a01\u00a0%";
  return `${Math.round(probability * 100)}\u00a0%`;
}

/** "hiphop" as it is written elsewhere, "hip hop" for people; other names as they are. */
export function spoken(genre: string): string {
  return genre === "hiphop" ? "hip hop" : genre.replaceAll("_", " ");
}

/** Indices of the largest probabilities, largest first. */
export function ranked(probabilities: ArrayLike<number>): number[] {
  return Array.from(probabilities, (_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
}
