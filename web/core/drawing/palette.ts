/**
 * A colour belongs to a genre's name: defined in docs/bundle.md ("Colours"), read from the file that Python reads too.
 * The ten colours stay apart under every kind of colour blindness; a test measures that.
 */
import palette from "../../../genre_lib/figures/palette.json";

export const PALETTE: readonly string[] = Object.values(palette.colours);
const SLOTS: ReadonlyMap<string, number> = new Map(Object.entries(palette.slots));
/** The ten colours, the same lighter, the same darker. */
const N_SLOTS = 3 * PALETTE.length;
const SHADE = 0.28;

/** Share of the paper in the colour of a layer that does not lead. */
export const MUTED = 0.66;

export type Rgb = readonly [number, number, number];

/** A colour for each genre, by its name. */
export function coloursOf(genres: readonly string[]): Rgb[] {
  return slotsOf(genres).map(colourOf);
}

/** The slot of each genre: its own where the palette has one, else by the hash of its name; the next free one if that is taken. */
export function slotsOf(genres: readonly string[]): number[] {
  const keys = genres.map((genre) => genre.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ""));
  const slots = keys.map((key) => SLOTS.get(key) ?? -1);
  const taken = new Set(slots.filter((slot) => slot >= 0));
  const order = genres.map((_, i) => i).filter((i) => slots[i] < 0);
  order.sort((a, b) => compare(keys[a], keys[b]) || compare(genres[a], genres[b]));
  for (const i of order) {
    let slot = hash(keys[i]) % N_SLOTS;
    if (taken.size < N_SLOTS) while (taken.has(slot)) slot = (slot + 1) % N_SLOTS;
    taken.add(slot);
    slots[i] = slot;
  }
  return slots;
}

function colourOf(slot: number): Rgb {
  const base = parseHex(PALETTE[slot % PALETTE.length]);
  const turn = Math.floor(slot / PALETTE.length);
  return turn === 0 ? base : mix(base, turn === 1 ? [255, 255, 255] : [0, 0, 0], SHADE);
}

/** FNV-1a of the UTF-8 bytes, 32 bits. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export function parseHex(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** @param share of `b` */
export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round(a[i] + (b[i] - a[i]) * share)) as unknown as Rgb;
}

export function css(colour: Rgb): string {
  return `rgb(${colour.join(" ")})`;
}

/** WCAG contrast ratio, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [la, lb] = [luminance(a), luminance(b)];
  return (Math.max(la, lb) + 0.05) / (Math.min(la, lb) + 0.05);
}

/** Black or white, whichever reads better on `background`. */
export function inkOn(background: Rgb): Rgb {
  const black: Rgb = [0, 0, 0];
  const white: Rgb = [255, 255, 255];
  return contrast(background, white) >= contrast(background, black) ? white : black;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
