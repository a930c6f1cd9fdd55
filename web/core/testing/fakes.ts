/** Stand-ins for what only a browser has: the worker, and live sound. */
import { vi } from "vitest";
import type { Capture, InputDevice, WebAudio } from "../audio/web-audio.ts";
import type { WorkerLike } from "../worker/client.ts";
import type { FromWorker, ToWorker } from "../worker/protocol.ts";

export class FakeWorker implements WorkerLike {
  readonly sent: ToWorker[] = [];
  private readonly listeners: Record<string, ((event: never) => void)[]> = {};

  postMessage(message: ToWorker): void {
    this.sent.push(message);
  }
  addEventListener(type: string, listener: (event: never) => void): void {
    (this.listeners[type] ??= []).push(listener);
  }
  say(message: FromWorker): void {
    for (const listener of this.listeners["message"]) listener({ data: message } as never);
  }
  crash(message: string): void {
    for (const listener of this.listeners["error"]) listener({ message } as never);
  }
}

/** A device that hears whatever the test says. */
export class FakeCapture implements Capture {
  readonly sampleRate = 48000;
  readonly port = {} as MessagePort;
  readonly label = "Fake device";
  onended: (() => void) | null = null;
  onlocked: ((locked: boolean) => void) | null = null;
  locked = false;
  closed = false;

  isLocked(): boolean {
    return this.locked;
  }
  lock(locked: boolean): void {
    this.locked = locked;
    this.onlocked?.(locked);
  }
  async unlock(): Promise<void> {
    this.lock(false);
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

export function fakeAudio(changes: Partial<WebAudio> = {}) {
  return {
    canCaptureMicrophone: true,
    whyNoMicrophone: "",
    canCaptureTab: true,
    hasOutput: vi.fn(async () => true),
    inputs: vi.fn(async (): Promise<readonly InputDevice[]> => []),
    ondevices: vi.fn(),
    captureMicrophone: vi.fn(async (): Promise<Capture> => new FakeCapture()),
    captureTab: vi.fn(async (): Promise<Capture> => new FakeCapture()),
    decodeWhole: vi.fn(async (): Promise<readonly Float32Array[]> => [new Float32Array(0)]),
    ...changes,
  } satisfies WebAudio;
}
