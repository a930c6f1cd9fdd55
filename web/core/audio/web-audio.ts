/** Everything the page asks of the browser's audio, in one place, so that tests can put fakes in its stead. */
import captureUrl from "./capture.worklet.ts?worker&url";

/** Live sound on its way to the worker. */
export interface Capture {
  /** Hz */
  readonly sampleRate: number;
  /** where the pieces of sound arrive; handed to the worker */
  readonly port: MessagePort;
  /** what the sound comes from, as the browser names it */
  readonly label: string;
  /** Called when the sound ends by itself: unplugged, or sharing stopped. */
  onended: (() => void) | null;
  /** Called with true while the browser holds the sound back, false once it flows. */
  onlocked: ((locked: boolean) => void) | null;
  isLocked(): boolean;
  /** Tries to start a held-back sound; needs a click or key press to succeed. */
  unlock(): Promise<void>;
  close(): Promise<void>;
}

export interface InputDevice {
  readonly id: string;
  readonly label: string;
}

export interface WebAudio {
  readonly canCaptureTab: boolean;
  readonly canCaptureMicrophone: boolean;
  /** why not, and what to do, in a sentence; empty where nobody can help it */
  readonly whyNoMicrophone: string;
  /** false where the machine certainly has no sound output, without which some browsers let no sound flow */
  hasOutput(): Promise<boolean>;
  /** Inputs that there are; their names only once a microphone was allowed. */
  inputs(): Promise<readonly InputDevice[]>;
  /** Called whenever one is plugged in or pulled out. */
  ondevices(changed: () => void): void;
  /** @param deviceId one of `inputs`, or undefined for the system's own */
  captureMicrophone(deviceId?: string): Promise<Capture>;
  captureTab(): Promise<Capture>;
  /** Decodes a whole file at `sampleRate`; one array per channel. */
  decodeWhole(file: Blob, sampleRate: number): Promise<readonly Float32Array[]>;
}

/** Sound that could not be captured; the message is a sentence that says what to do. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
}

/** Milliseconds that decoding a whole file may take. */
const PATIENCE_MS = 15_000;
const PATIENCE_MS_PER_BYTE = 1 / 500;

export const browserAudio: WebAudio = {
  get canCaptureMicrophone() {
    return typeof navigator.mediaDevices?.getUserMedia === "function" && typeof AudioWorkletNode === "function";
  },

  get whyNoMicrophone() {
    return isSecureContext ? "" : "Browsers lend a microphone only to pages that come by https or from this machine (localhost): open the page that way to listen live.";
  },

  get canCaptureTab() {
    // Every browser shares pictures; those that share sound as well know this way of asking for it.
    const known = navigator.mediaDevices?.getSupportedConstraints?.() as { suppressLocalAudioPlayback?: boolean } | undefined;
    return typeof navigator.mediaDevices?.getDisplayMedia === "function" && known?.suppressLocalAudioPlayback === true && typeof AudioWorkletNode === "function";
  },

  async hasOutput() {
    // Only browsers that let a page choose its output name the outputs that there are.
    if (!("setSinkId" in HTMLMediaElement.prototype)) return true;
    const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const named = devices.some(({ kind, label }) => kind === "audioinput" && label !== "");
    return !named || devices.some(({ kind }) => kind === "audiooutput");
  },

  async inputs() {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    return devices.filter(({ kind }) => kind === "audioinput").map(({ deviceId, label }) => ({ id: deviceId, label }));
  },

  ondevices(changed) {
    navigator.mediaDevices?.addEventListener?.("devicechange", changed);
  },

  async captureMicrophone(deviceId) {
    // Made for speech, these three would change what music sounds like.
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const ask = (wanted: MediaTrackConstraints) => navigator.mediaDevices.getUserMedia({ audio: wanted });
    return captureStream(await granted(async () => {
      if (deviceId === undefined) return ask(audio);
      try {
        return await ask({ ...audio, deviceId: { exact: deviceId } });
      } catch (error) {
        // It was pulled out meanwhile: the system's own input then.
        if (error instanceof DOMException && error.name === "OverconstrainedError") return ask(audio);
        throw error;
      }
    }, "the microphone"));
  },

  async captureTab() {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, suppressLocalAudioPlayback: false };
    const stream = await granted(() => navigator.mediaDevices.getDisplayMedia({ audio, video: true }), "a tab");
    // Browsers hand out sound only together with a picture, which nobody looks at here.
    for (const track of stream.getVideoTracks()) track.stop();
    if (stream.getAudioTracks().length === 0) {
      throw new CaptureError("What you shared came without sound; share again and tick the box that shares its sound.");
    }
    return captureStream(stream);
  },

  async decodeWhole(file, sampleRate) {
    const decode = async () => new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(await file.arrayBuffer());
    // WebKitGTK forgets now and then to answer; asked again it does.
    const impatient = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS + file.size * PATIENCE_MS_PER_BYTE));
    const buffer = (await Promise.race([decode(), impatient])) ?? (await decode());
    return Array.from({ length: buffer.numberOfChannels }, (_, channel) => buffer.getChannelData(channel));
  },
};

async function granted(request: () => Promise<MediaStream>, what: string): Promise<MediaStream> {
  try {
    return await request();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "SecurityError") {
      throw new CaptureError(`The browser did not let this page hear ${what}; allow it in the address bar and try again.`);
    }
    if (name === "NotFoundError") throw new CaptureError(`No sound input was found; connect ${what} and try again.`);
    if (name === "NotReadableError") throw new CaptureError(`Another program holds ${what}; close it and try again.`);
    throw new CaptureError(`It was not possible to listen to ${what}: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Sends a stream's sound to where it is listened to.
 *
 * @throws CaptureError if there is no sound in it, or the audio thread cannot be started
 */
export async function captureStream(stream: MediaStream): Promise<Capture> {
  if (stream.getAudioTracks().length === 0) throw new CaptureError("This stream has no sound track; ask for one with audio.");
  const context = new AudioContext({ latencyHint: "interactive" });
  const track = stream.getAudioTracks()[0];
  try {
    await context.audioWorklet.addModule(captureUrl);
  } catch (error) {
    for (const each of stream.getTracks()) each.stop();
    await context.close();
    throw new CaptureError(`The browser could not start its audio thread: ${error instanceof Error ? error.message : error}`);
  }
  const source = context.createMediaStreamSource(stream);
  const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  source.connect(node);
  const { port1, port2 } = new MessageChannel();
  node.port.postMessage(port1, [port1]);
  const result: Capture = {
    sampleRate: context.sampleRate,
    port: port2,
    label: track.label,
    onended: null,
    onlocked: null,
    isLocked: () => context.state !== "running" && context.state !== "closed",
    unlock: () => context.resume(),
    async close() {
      track.onended = null;
      context.onstatechange = null;
      for (const each of stream.getTracks()) each.stop();
      source.disconnect();
      node.port.postMessage(null);
      if (context.state !== "closed") await context.close();
    },
  };
  track.onended = () => result.onended?.();
  context.onstatechange = () => result.onlocked?.(result.isLocked());
  void context.resume().catch(() => undefined);
  return result;
}
