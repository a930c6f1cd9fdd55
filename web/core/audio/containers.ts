/**
 * Sound in containers with a clock (mp4, mov, webm, mkv) and aac, through the browser's own decoders (WebCodecs).
 */
import { ADTS, AudioSampleSink, BlobSource, EncodedPacketSink, Input, MATROSKA, MP4, QTFF, WEBM, type AudioSample, type InputAudioTrack } from "mediabunny";
import { AudioFileError, isGap, NotStreamableError, silence, type Hints, type Planes, type Source } from "./sound.ts";

const FORMATS = [MP4, QTFF, WEBM, MATROSKA, ADTS];
/** Milliseconds: some browsers say that they can decode, and then never do. */
const PATIENCE_MS = 3000;
/** Packets from the start on of which one must be decoded. */
const FIRST_PACKETS = 20;
/** Packets in a row that cannot be decoded, after which the rest is given up. */
const MOST_FAILURES = 1000;

/** WebKit's decoders hang in a worker, and for opus and for the sound of a video take the whole page with them. */
const IS_WEBKIT = /AppleWebKit\//.test(navigator.userAgent) && !/Chrom(e|ium)\//.test(navigator.userAgent);

/** What this browser claimed to decode, and did not: not tried again before the page is loaded anew. */
const disappointed = new Set<string>();

/**
 * @throws AudioFileError if there is no sound in the file
 * @throws NotStreamableError if this browser needs the whole file at once
 */
export async function openContainer(file: Blob, name: string): Promise<Source> {
  const input = new Input({ source: new BlobSource(file), formats: FORMATS });
  try {
    if (!(await input.canRead())) throw new NotStreamableError();
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw new AudioFileError(`${name} holds no sound, only pictures.`);
    const codec = (await track.getCodec()) ?? "unknown";
    const first = await track.getFirstTimestamp();
    const statedS = await input.getDurationFromMetadata();
    const clockS = Math.max(0, await input.getFirstTimestamp());
    const lateS = isGap(first - clockS) ? first - clockS : 0;
    const hints: Hints = { sampleRate: await track.getSampleRate(), delayS: Math.max(0, -first), statedS: statedS && statedS - lateS, lateS };
    if (typeof AudioDecoder === "undefined" || IS_WEBKIT || disappointed.has(codec)) throw new NotStreamableError(hints);
    const canDecode = await within(track.canDecode(), false);
    const hears = canDecode && (await within(hearsAnything(track), false));
    if (!hears) {
      disappointed.add(codec);
      throw new NotStreamableError(hints);
    }
    return new ContainedSource(input, track, clockS, statedS, (await input.getFormat()) !== ADTS);
  } catch (error) {
    input.dispose();
    if (error instanceof AudioFileError || error instanceof NotStreamableError) throw error;
    throw new NotStreamableError();
  }
}

/** Whether anything comes out of the decoder, once the first few packets that may be damaged are passed. */
async function hearsAnything(track: InputAudioTrack): Promise<boolean> {
  const packets = new EncodedPacketSink(track);
  let packet = await packets.getFirstPacket();
  for (let tries = 0; packet && tries < FIRST_PACKETS; tries++) {
    if (await hearsFrom(track, packet.timestamp)) return true;
    packet = await packets.getNextPacket(packet);
  }
  return false;
}

async function hearsFrom(track: InputAudioTrack, seconds: number): Promise<boolean> {
  const samples = new AudioSampleSink(track).samples(seconds);
  try {
    const { value } = await samples.next();
    value?.close();
    return value !== undefined;
  } catch {
    return false;
  } finally {
    void samples.return().catch(() => undefined);
  }
}

function within<T>(promise: Promise<T>, otherwise: T): Promise<T> {
  return Promise.race([promise, new Promise<T>((resolve) => setTimeout(() => resolve(otherwise), PATIENCE_MS))]);
}

class ContainedSource implements Source {
  damagedS = 0;
  readonly endMarked = true;
  readonly announcedS: number | null;

  constructor(
    private readonly input: Input,
    private readonly track: InputAudioTrack,
    /** where the container's clock begins, pictures included */
    private clockS: number,
    readonly expectedS: number | null,
    private readonly hasClock: boolean,
  ) {
    this.announcedS = hasClock ? expectedS : null;
  }

  async *planes(): AsyncGenerator<Planes> {
    let from = -Infinity;
    for (let failures = 0; failures < MOST_FAILURES; failures++) {
      const before = this.clockS;
      try {
        for await (const sample of new AudioSampleSink(this.track).samples(from)) {
          // Begun anew, it starts with the packet that holds the moment asked for.
          if (sample.timestamp >= from - 1e-6) yield* this.heard(sample);
          sample.close();
        }
        return;
      } catch {
        if (this.clockS > before) failures = 0;
        const next = await this.packetAfter(Math.max(from, this.clockS));
        if (next === null) return;
        this.damagedS += next - this.clockS;
        from = next;
      }
    }
  }

  close(): void {
    this.input.dispose();
  }

  private *heard(sample: AudioSample): Generator<Planes> {
    const { sampleRate, timestamp, numberOfFrames, numberOfChannels } = sample;
    // The sound of a video may begin late or pause: its times are those of the pictures.
    const gapS = timestamp - this.clockS;
    this.clockS = timestamp + numberOfFrames / sampleRate;
    if (this.hasClock && isGap(gapS)) yield* silence(Math.round(gapS * sampleRate), numberOfChannels, sampleRate);
    // Edit lists and pre-skip put what is not to be heard before time zero.
    const cut = Math.min(numberOfFrames, Math.max(0, Math.round(-timestamp * sampleRate)));
    const frameCount = numberOfFrames - cut;
    if (frameCount === 0) return;
    const channels = Array.from({ length: numberOfChannels }, (_, planeIndex) => {
      const plane = new Float32Array(frameCount);
      sample.copyTo(plane, { planeIndex, format: "f32-planar", frameOffset: cut, frameCount });
      return plane;
    });
    yield { channels, sampleRate };
  }

  /** Seconds: where the packet begins after the one at `seconds`. */
  private async packetAfter(seconds: number): Promise<number | null> {
    const sink = new EncodedPacketSink(this.track);
    const failed = (await sink.getPacket(seconds).catch(() => null)) ?? (await sink.getFirstPacket().catch(() => null));
    const next = failed && (await sink.getNextPacket(failed).catch(() => null));
    return next && next.timestamp > seconds ? next.timestamp : null;
  }
}
