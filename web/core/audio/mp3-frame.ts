/** Headers of MPEG audio frames (ISO 11172-3), and the one that encoders put into a silent first frame. */
import { ascii, viewOf } from "./bytes.ts";

export interface Frame {
  /** bytes */
  readonly length: number;
  /** Hz */
  readonly sampleRate: number;
  readonly samples: number;
  /** bytes from the frame's start to where a Xing header would be */
  readonly sideEnd: number;
}

const LAYER_1_KBPS = [[0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448], [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256]];
const LOWER_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const LAYER_2_KBPS = [[0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384], LOWER_KBPS];
const LAYER_3_KBPS = [[0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320], LOWER_KBPS];
const KBPS = [LAYER_1_KBPS, LAYER_2_KBPS, LAYER_3_KBPS];

/** The frame whose header is at `at`, or null. */
export function frameAt(bytes: Uint8Array, at: number): Frame | null {
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xe0) !== 0xe0) return null;
  const version = (bytes[at + 1] >> 3) & 3;
  const layer = 4 - ((bytes[at + 1] >> 1) & 3);
  const rate = (bytes[at + 2] >> 2) & 3;
  const bitrate = bytes[at + 2] >> 4;
  if (version === 1 || layer === 4 || rate === 3 || bitrate === 15 || bitrate === 0) return null;
  const isMpeg1 = version === 3;
  const sampleRate = [44100, 48000, 32000][rate] >> (isMpeg1 ? 0 : version === 2 ? 1 : 2);
  const kbps = KBPS[layer - 1][isMpeg1 ? 0 : 1][bitrate];
  const padding = (bytes[at + 2] >> 1) & 1;
  const samples = layer === 1 ? 384 : layer === 3 && !isMpeg1 ? 576 : 1152;
  const length = layer === 1 ? 4 * (Math.floor((12_000 * kbps) / sampleRate) + padding) : Math.floor((samples * 125 * kbps) / sampleRate) + padding;
  const isMono = bytes[at + 3] >> 6 === 3;
  return { length, sampleRate, samples, sideEnd: 4 + (isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17) };
}

/** What a "Xing" or "Info" header says (http://gabriel.mp3-tech.org/mp3infotag.html). */
export interface InfoHeader {
  readonly frame: Frame;
  /** frames after this one, if it says */
  readonly nFrames: number | null;
  /** bytes of all frames, this one included, if it says */
  readonly nBytes: number | null;
  /** samples that the encoder put before and after the sound */
  readonly delay: number;
  readonly padding: number;
  /** false where its numbers contradict each other */
  readonly isPossible: boolean;
}

/** Bytes that a frame may have. */
const [SHORTEST, LONGEST] = [24, 2881];

/** Where Fraunhofer's encoders put their header, whatever the frame is like. */
const VBRI_AT = 36;

/** @param bytes one frame; null if it is an ordinary one */
export function infoHeader(bytes: Uint8Array, frame: Frame): InfoHeader | null {
  if (bytes.length > VBRI_AT + 4 && ascii(bytes, VBRI_AT, 4) === "VBRI") return { frame, nFrames: null, nBytes: null, delay: 0, padding: 0, isPossible: false };
  const at = frame.sideEnd;
  if (at + 8 > bytes.length) return null;
  const name = ascii(bytes, at, 4);
  if (name !== "Xing" && name !== "Info") return null;
  const view = viewOf(bytes);
  const flags = view.getUint32(at + 4);
  // Frames, bytes, table of contents and quality are each there only if their flag is set.
  const lengths = [4, 4, 100, 4].map((length, bit) => (flags >> bit) & 1 ? length : 0);
  const field = (n: number) => at + 8 + lengths.slice(0, n).reduce((sum, length) => sum + length, 0);
  const number = (n: number) => (lengths[n] > 0 && field(n) + 4 <= bytes.length ? view.getUint32(field(n)) : null);
  const [nFrames, nBytes] = [number(0), number(1)];
  const encoder = field(4);
  const hasDelay = encoder + 24 <= bytes.length && bytes[encoder] !== 0;
  const packed = hasDelay ? (bytes[encoder + 21] << 16) | (bytes[encoder + 22] << 8) | bytes[encoder + 23] : 0;
  const perFrame = nFrames && nBytes ? nBytes / nFrames : 0;
  return { frame, nFrames, nBytes, delay: packed >> 12, padding: packed & 0xfff, isPossible: perFrame >= SHORTEST && perFrame <= LONGEST };
}
