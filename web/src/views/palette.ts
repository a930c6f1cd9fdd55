/**
 * Ten colours that stay apart under every kind of colour blindness: those of `genre_lib/palette.py`, so that a genre
 * looks the same in every figure. A test holds the two lists equal and the colours apart.
 */
export const PALETTE = [
  "#4451b5", "#e59bb8", "#3f731e", "#e58b2f", "#8f63c4", "#6fb8ee", "#8a2e5c", "#b5c64a", "#378782", "#c0453c",
] as const;

/** Share of the paper in the colour of a layer that does not lead. */
export const MUTED = 0.66;

export type Rgb = readonly [number, number, number];

/** A colour for each of `n` genres; beyond ten they repeat, lighter or darker each time. */
export function coloursFor(n: number): Rgb[] {
  return Array.from({ length: n }, (_, i) => {
    const base = parseHex(PALETTE[i % PALETTE.length]);
    const round = Math.floor(i / PALETTE.length);
    if (round === 0) return base;
    return mix(base, round % 2 === 1 ? [255, 255, 255] : [0, 0, 0], Math.min(0.6, 0.28 * Math.ceil(round / 2)));
  });
}

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
