/**
 * Ogg: vorbis, opus or flac in pages (RFC 3533), one stream after the other.
 *
 * Files that were recorded from a radio or joined are chains of streams, each with headers of its own; all are heard.
 */
import { ascii, bytesAt, pieces, viewOf } from "./bytes.ts";
import { readStreamInfo } from "./flac.ts";
import { isGap, LARGEST_GAP_S, NotStreamableError, silence, type Planes, type Source } from "./sound.ts";
import { WasmDecoder, type Codec } from "./wasm-decoder.ts";

const PIECE = 1 << 16;
const LONGEST_PAGE = 27 + 255 + 255 * 255;
/** Seconds: a stream whose clock starts later was cut out of another, and its clock says nothing of its length. */
const LATEST_START_S = 10;
/** Seconds: less missing at the end of a stream is the rounding of its pages. */
const LOST_AT_THE_END_S = 0.5;

export interface Page {
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
  readonly begins: boolean;
  readonly ends: boolean;
  readonly serial: number;
  readonly number: number;
  /** samples at the page's end, or a negative number where none ends in it */
  readonly granule: number;
}

export async function openOgg(file: Blob, from: number): Promise<Source> {
  const first = new PageReader().push(await bytesAt(file, from, 4 * LONGEST_PAGE));
  const head = first.find((page) => page.begins && codecOf(page.body));
  if (!head) throw new NotStreamableError();
  return new OggSource(file, from, await statedSeconds(file, first, head, codecOf(head.body)!), await linkOf(head));
}

function codecOf(body: Uint8Array): Codec | null {
  if (ascii(body, 0, 7) === "\x01vorbis") return "vorbis";
  if (ascii(body, 0, 8) === "OpusHead") return "opus";
  return ascii(body, 0, 5) === "\x7fFLAC" || ascii(body, 0, 4) === "fLaC" ? "flac" : null;
}

/** What the clock of the last page says, or null for chains and cut-outs. */
async function statedSeconds(file: Blob, first: readonly Page[], head: Page, codec: Codec): Promise<number | null> {
  const rate = rateOf(head.body, codec);
  const skipped = codec === "opus" ? viewOf(head.body).getUint16(10, true) : 0;
  const start = first.find((page) => page.serial === head.serial && page.granule > 0)?.granule ?? 0;
  const last = new PageReader().push(await bytesAt(file, Math.max(0, file.size - 2 * LONGEST_PAGE), 2 * LONGEST_PAGE)).findLast((page) => page.granule > 0);
  if (!last || last.serial !== head.serial || start > LATEST_START_S * rate) return null;
  return (last.granule - skipped) / rate;
}

/** Samples a second on the clock of a stream that begins with this header. */
function rateOf(body: Uint8Array, codec: Codec): number {
  if (codec === "opus") return 48_000;
  if (codec === "vorbis") return viewOf(body).getUint32(12, true);
  return readStreamInfo(body.subarray(17, 51))?.sampleRate ?? 1;
}

/** One stream of the chain, with its clock. */
class Link {
  private pages: Page[] = [];
  /** number of the page that comes next */
  private next = -1;
  /** granule at which its sound begins, once known */
  private start: number | null = null;
  private heard = 0;
  private channels = 1;
  private lastGranule = 0;
  damagedS = 0;
  endMarked = false;

  constructor(readonly serial: number, private readonly rate: number, private readonly decoder: WasmDecoder) {}

  async *page(page: Page): AsyncGenerator<Planes> {
    // Behind a lost page the clock is looked at anew.
    if (page.number !== this.next) yield* this.decoded();
    this.next = page.number + 1;
    this.endMarked = page.ends;
    if (page.granule > 0) this.lastGranule = page.granule;
    this.pages.push(page);
  }

  /** What the pages hold that have been gathered. */
  async *decoded(): AsyncGenerator<Planes> {
    const pages = this.pages;
    this.pages = [];
    if (pages.length === 0) return;
    const planes = await this.decoder.decode(joined(pages.map((page) => page.bytes)));
    if (!planes) return;
    const length = planes.channels[0].length;
    this.channels = planes.channels.length;
    const last = pages[pages.length - 1];
    if (last.granule > 0 && !last.ends) {
      // What is missing before these pages was lost: the rest keeps its time.
      this.start ??= last.granule - this.heard - length;
      const missing = last.granule - this.start - this.heard - length;
      if (isGap(missing / this.rate)) {
        yield* silence(missing, this.channels, this.rate);
        this.heard += missing;
        this.damagedS += missing / this.rate;
      }
    }
    this.heard += length;
    yield planes;
  }

  async *end(): AsyncGenerator<Planes> {
    yield* this.decoded();
    const rest = await this.decoder.finish();
    if (rest) yield rest;
    this.heard += rest?.channels[0].length ?? 0;
    const missingS = (this.lastGranule - (this.start ?? this.lastGranule) - this.heard) / this.rate;
    if (missingS > LOST_AT_THE_END_S && missingS < LARGEST_GAP_S) this.damagedS += missingS;
  }

  close(): void {
    this.decoder.close();
  }
}

class OggSource implements Source {
  damagedS = 0;
  endMarked = true;
  readonly announcedS = null;

  constructor(private readonly file: Blob, private readonly from: number, readonly expectedS: number | null, private link: Link | null) {}

  async *planes(): AsyncGenerator<Planes> {
    const reader = new PageReader();
    let heading = true;
    for await (const piece of pieces(this.file, PIECE, this.from)) {
      for (const page of reader.push(piece)) {
        if (page.begins && !heading) yield* this.end();
        heading = page.begins;
        if (page.begins && !this.link) this.link = await linkOf(page);
        if (page.serial === this.link?.serial) yield* this.link.page(page);
      }
      if (this.link) yield* this.link.decoded();
    }
    yield* this.end();
  }

  close(): void {
    this.link?.close();
    this.link = null;
  }

  private async *end(): AsyncGenerator<Planes> {
    if (!this.link) return;
    yield* this.link.end();
    this.damagedS += this.link.damagedS;
    this.endMarked = this.link.endMarked;
    this.close();
  }
}

async function linkOf(page: Page): Promise<Link | null> {
  const codec = codecOf(page.body);
  return codec && new Link(page.serial, rateOf(page.body, codec), await WasmDecoder.create(codec));
}

/** Finds the pages in a stream that comes in pieces; what lies between pages is skipped. */
export class PageReader {
  private kept = new Uint8Array(0);

  push(piece: Uint8Array): Page[] {
    const bytes = joined([this.kept, piece]);
    const pages: Page[] = [];
    let at = 0;
    for (;;) {
      at = indexOfPage(bytes, at);
      const page = pageAt(bytes, at);
      if (!page) break;
      pages.push(page);
      at += page.bytes.length;
    }
    this.kept = bytes.slice(at);
    return pages;
  }
}

function pageAt(bytes: Uint8Array, at: number): Page | null {
  if (at + 27 > bytes.length) return null;
  const segments = bytes[at + 26];
  if (at + 27 + segments > bytes.length) return null;
  let length = 27 + segments;
  for (let i = 0; i < segments; i++) length += bytes[at + 27 + i];
  if (at + length > bytes.length) return null;
  const page = bytes.subarray(at, at + length);
  const view = viewOf(page);
  return {
    bytes: page, body: page.subarray(27 + segments), begins: (page[5] & 2) !== 0, ends: (page[5] & 4) !== 0,
    granule: Number(view.getBigInt64(6, true)), serial: view.getUint32(14, true), number: view.getUint32(18, true),
  };
}

/** Where the next page may begin, or as much of the end as may yet become one. */
function indexOfPage(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x4f, from); at >= 0; at = bytes.indexOf(0x4f, at + 1)) {
    const mark = ascii(bytes, at, Math.min(4, bytes.length - at));
    if ("OggS".startsWith(mark) && (at + 4 >= bytes.length || bytes[at + 4] === 0)) return at;
  }
  return bytes.length;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
