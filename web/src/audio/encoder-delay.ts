/**
 * What an mp3 encoder put before and after the music.
 *
 * The first frame of most mp3 files is a silent "Xing" or "Info" frame that says by how many samples the encoder
 * delayed the sound and filled its last frame (http://gabriel.mp3-tech.org/mp3infotag.html). Decoders hand
 * that filling out as sound; unless it is cut, every time on the page is up to 50 ms late.
 */

export interface EncoderDelay {
  /** samples to cut from the start */
  readonly start: number;
  /** samples that are sound, or null if the header does not say */
  readonly length: number | null;
}

/** Every mp3 decoder delays by this much itself. */
const DECODER_DELAY = 529;

const NOTHING: EncoderDelay = { start: 0, length: null };

/** @param file an mp3 file; anything else has no such header and gives no delay */
export async function readMp3Delay(file: Blob): Promise<EncoderDelay> {
  const head = new Uint8Array(await file.slice(0, 10).arrayBuffer());
  const tag = head.length === 10 && ascii(head, 0, 3) === "ID3" ? 10 + synchsafe(head, 6) : 0;
  return mp3Delay(new Uint8Array(await file.slice(tag, tag + 4096).arrayBuffer()));
}

/** @param bytes the file from its first frame (or shortly before it) on */
export function mp3Delay(bytes: Uint8Array): EncoderDelay {
  const start = bytes.findIndex((byte, i) => byte === 0xff && (bytes[i + 1] & 0xe0) === 0xe0);
  if (start < 0 || start + 200 > bytes.length) return NOTHING;
  const isMpeg1 = ((bytes[start + 1] >> 3) & 3) === 3;
  const isMono = bytes[start + 3] >> 6 === 3;
  const sideInfo = isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17;
  const at = start + 4 + sideInfo;
  const name = ascii(bytes, at, 4);
  if (name !== "Xing" && name !== "Info") return NOTHING;

  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const flags = view.getUint32(at + 4);
  const nFrames = flags & 1 ? view.getUint32(at + 8) : null;
  // Frames, bytes, table of contents and quality are each there only if their flag is set.
  const encoder = at + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0);
  if (encoder + 24 > bytes.length || bytes[encoder] === 0) return NOTHING;
  const packed = (bytes[encoder + 21] << 16) | (bytes[encoder + 22] << 8) | bytes[encoder + 23];
  const delay = packed >> 12;
  const padding = packed & 0xfff;
  if (delay === 0 && padding === 0) return NOTHING;
  const total = nFrames === null ? null : nFrames * (isMpeg1 ? 1152 : 576);
  return { start: delay + DECODER_DELAY, length: total === null ? null : Math.max(0, total - delay - padding) };
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function synchsafe(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 21) | (bytes[at + 1] << 14) | (bytes[at + 2] << 7) | bytes[at + 3];
}
