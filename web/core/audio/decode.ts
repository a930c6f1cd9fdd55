/**
 * Any sound file as a stream of mono blocks.
 *
 * Only a few blocks are in memory at a time, so that a file of any length can be heard. Everything that can be decoded
 * is heard; what could not be is said.
 */
import { ascii, bytesAt } from "./bytes.ts";
import { MonoMixer, type MonoBlock } from "./mono.ts";
import { openFlac } from "./flac.ts";
import { openMp3, synchsafe } from "./mp3.ts";
import { openOgg } from "./ogg.ts";
import { openPcm } from "./pcm.ts";
import { AudioFileError, checkFormat, NotStreamableError, type Source } from "./sound.ts";

/** Seconds: less missing than this is the rounding of a header. */
const WORTH_A_WORD_S = 0.5;
/** Seconds: less damage than this is not heard. */
const AUDIBLE_DAMAGE_S = 0.1;
/** Bytes a second: a file that claims to hold more seconds than this allows is wrong about it. */
const FEWEST_BYTES_A_SECOND = 125;
/** How archives begin: zip, rar, 7z, gzip. */
const ARCHIVES = ["PK\x03\x04", "Rar!", "7z\xbc\xaf", "\x1f\x8b"];

/** An opened file. */
export class SoundFile {
  /** Sentences about what was not heard as it is, once `blocks` has ended. */
  readonly remarks: string[] = [];

  constructor(private readonly name: string, private readonly source: Source, private readonly nBytes: number) {}

  /** seconds that are probably in it */
  get expectedS(): number | null {
    return this.possible(this.source.expectedS);
  }

  /** @throws AudioFileError if nothing in it can be heard */
  async *blocks(): AsyncGenerator<MonoBlock> {
    const { name, source } = this;
    const mixer = new MonoMixer(name);
    let heardS = 0;
    for await (const planes of source.planes()) {
      checkFormat(name, planes.sampleRate, planes.channels.length);
      heardS += planes.channels[0].length / planes.sampleRate;
      yield* mixer.push(planes);
    }
    yield* mixer.finish();
    if (heardS === 0) throw new AudioFileError(`${name} could not be decoded; it may be damaged or not a sound file.`);
    this.remark(heardS);
    this.remarks.push(...mixer.remarks);
  }

  close(): void {
    this.source.close();
  }

  private possible(seconds: number | null): number | null {
    return seconds !== null && seconds * FEWEST_BYTES_A_SECOND <= this.nBytes ? seconds : null;
  }

  private remark(heardS: number): void {
    const { name, source } = this;
    const { damagedS, endMarked } = source;
    const announcedS = this.possible(source.announcedS);
    if (announcedS !== null && heardS < announcedS - WORTH_A_WORD_S) {
      this.remarks.push(`${name} ends after ${heardS.toFixed(1)} s of the ${announcedS.toFixed(1)} s it announces: the rest is missing.`);
    } else if (!endMarked) {
      this.remarks.push(`${name} ends after ${heardS.toFixed(1)} s without the mark of its end: what followed is missing.`);
    }
    if (damagedS > AUDIBLE_DAMAGE_S) this.remarks.push(`${name} is damaged: about ${damagedS.toFixed(1)} s of it cannot be decoded.`);
  }
}

/**
 * @throws AudioFileError if there is nothing to hear in the file
 * @throws NotStreamableError if this browser needs the whole file at once
 */
export async function openFile(file: Blob, name: string): Promise<SoundFile> {
  if (file.size === 0) throw new AudioFileError(`${name} is empty (0 bytes); check that the copy or download finished.`);
  return new SoundFile(name, await sourceOf(file, name), file.size);
}

async function sourceOf(file: Blob, name: string): Promise<Source> {
  try {
    const start = await afterTags(file);
    const mark = ascii(await bytesAt(file, start, 8), 0, 8);
    if (ARCHIVES.some((archive) => mark.startsWith(archive))) throw new AudioFileError(`${name} is an archive, not a recording: unpack it, then choose what is in it.`);
    const pcm = start === 0 ? await openPcm(file, name) : null;
    if (pcm) return pcm;
    if (mark.startsWith("OggS")) return await openOgg(file, start);
    const flac = mark.startsWith("fLaC") ? await openFlac(file, start) : null;
    if (flac) return flac;
    // Containers begin with a mark of their own; without one it may be mp3 behind any amount of rubbish.
    const isContainer = mark.slice(4) === "ftyp" || mark.startsWith("\x1aE\xdf\xa3");
    const mp3 = isContainer ? null : await openMp3(file, start);
    if (mp3) return mp3;
    const { openContainer } = await import("./containers.ts");
    return await openContainer(file, name);
  } catch (error) {
    if (error instanceof AudioFileError || error instanceof NotStreamableError) throw error;
    // A decoder that could not be fetched, for lack of a network: the browser has one of its own.
    throw new NotStreamableError();
  }
}

/** Where the file begins behind its ID3v2 tags. */
async function afterTags(file: Blob): Promise<number> {
  let at = 0;
  for (;;) {
    const head = await bytesAt(file, at, 10);
    if (head.length < 10 || ascii(head, 0, 3) !== "ID3") return at;
    at += 10 + synchsafe(head, 6);
  }
}
