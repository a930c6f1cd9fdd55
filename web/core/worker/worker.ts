/** The worker: loads the model, decodes, listens. The page only draws. */
import simdWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url&no-inline";
import threadedWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url&no-inline";
import plainWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url&no-inline";
import { openFile } from "../audio/decode.ts";
import { MonoMixer } from "../audio/mono.ts";
import { AudioFileError, NotStreamableError, type Planes } from "../audio/sound.ts";
import { BundleError } from "../bundle/card.ts";
import { loadBundle, type Bundle } from "../bundle/load.ts";
import { modelAddress, sourceFromFiles, sourceFromUrl, unpack, type BundleSource } from "../bundle/source.ts";
import { Listener, type Heard } from "../model/listener.ts";
import { startBackend } from "../model/network.ts";
import type { BundleRequest, CapturedPiece, FromWorker, ToWorker } from "./protocol.ts";

interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}
const scope = self as unknown as WorkerScope;

let backend: Promise<void> | null = null;
let bundle: Bundle | null = null;
let listener = null as Listener | null;
/** the recording that is being heard; work for any other stops at its next block */
let current = -1;

scope.onmessage = ({ data }) => {
  switch (data.type) {
    case "load":
      void load(data.bundle);
      break;
    case "open":
      void hearFile(data.run, data.file, data.name);
      break;
    case "samples":
      hearPlanes(data.run, data.name, data.planes);
      break;
    case "end":
      if (data.run === current) endPlanes(data.run, data.name);
      break;
    case "listen":
      hearLive(data.run, data.sampleRate, data.port);
      break;
    case "stop":
      if (data.run === current) finish(data.run, []);
      break;
  }
};

async function load(request: BundleRequest): Promise<void> {
  try {
    backend ??= startBackend({
      "tfjs-backend-wasm.wasm": absolute(plainWasm),
      "tfjs-backend-wasm-simd.wasm": absolute(simdWasm),
      "tfjs-backend-wasm-threaded-simd.wasm": absolute(threadedWasm),
    });
    const [loaded] = await Promise.all([
      sourceOf(request).then((source) => backend!.then(() => loadBundle(source, { checkGolden: request.kind !== "pretrained" }))),
      backend,
    ]);
    // The old network stays until the new one has passed every check.
    current = -1;
    bundle?.network.dispose();
    bundle = loaded;
    scope.postMessage({ type: "loaded", card: loaded.card, golden: loaded.golden });
  } catch (error) {
    scope.postMessage({ type: "load-failed", sentence: error instanceof BundleError ? error.message : `The model could not be started: ${messageOf(error)}` });
  }
}

async function sourceOf(request: BundleRequest): Promise<BundleSource> {
  switch (request.kind) {
    case "pretrained":
    case "address":
      return sourceFromUrl(request.base);
    case "beside":
      return sourceFromUrl(modelAddress(request.name, request.page));
    case "files":
      return sourceFromFiles(request.files);
    case "zip":
      return sourceFromFiles(await unpack(request.archive));
  }
}

function begin(run: number, sampleRate: number, live: boolean): void {
  current = run;
  listener = new Listener(bundle!.card, bundle!.melBank, bundle!.network, sampleRate, { live });
}

/** Milliseconds after which other messages get their turn. */
const TURN_MS = 50;

async function hearFile(run: number, file: Blob, name: string): Promise<void> {
  current = run;
  listener = null;
  try {
    const began = performance.now();
    const opened = await openFile(file, name);
    try {
      if (run !== current) return;
      scope.postMessage({ type: "opened", run, expectedS: opened.expectedS });
      let turn = began;
      for await (const { mono, sampleRate } of opened.blocks()) {
        if (run !== current) return;
        if (!listener) begin(run, sampleRate, false);
        report(run, listener!.push(mono, sampleRate), null);
        if (performance.now() - turn < TURN_MS) continue;
        await nextTurn();
        turn = performance.now();
      }
      if (run !== current) return;
      const { spent } = listener!;
      spent.decoding = performance.now() - began - spent.resampling - spent.mel - spent.network;
      finish(run, opened.remarks);
    } finally {
      opened.close();
    }
  } catch (error) {
    if (run !== current) return;
    if (error instanceof NotStreamableError) scope.postMessage({ type: "decode-yourself", run, hints: error.hints });
    else failWith(run, name, error);
  }
}

function failWith(run: number, name: string, error: unknown): void {
  fail(run, error instanceof AudioFileError || error instanceof BundleError ? error.message : `${name} could not be heard: ${messageOf(error)}`);
}

const { port1: here, port2: there } = new MessageChannel();

/** Lets the messages in that have come meanwhile; a timer would wait for longer. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    here.onmessage = () => resolve();
    there.postMessage(null);
  });
}

/** mixes what the page decodes itself */
let mixer: MonoMixer | null = null;

function hearPlanes(run: number, name: string, planes: Planes): void {
  if (run !== current) return;
  try {
    if (!listener) {
      mixer = new MonoMixer(name);
      begin(run, planes.sampleRate, false);
    }
    for (const { mono } of mixer!.push(planes)) report(run, listener!.push(mono), null);
    scope.postMessage({ type: "took", run });
  } catch (error) {
    failWith(run, name, error);
  }
}

function endPlanes(run: number, name: string): void {
  const done = mixer;
  mixer = null;
  try {
    if (done && listener) for (const { mono } of done.finish()) report(run, listener.push(mono), null);
    finish(run, done?.remarks ?? []);
  } catch (error) {
    failWith(run, name, error);
  }
}

function hearLive(run: number, sampleRate: number, port: MessagePort): void {
  begin(run, sampleRate, true);
  port.onmessage = ({ data }: MessageEvent<CapturedPiece>) => {
    if (run !== current) {
      port.close();
      return;
    }
    const heard = listener!.push(data.mono);
    // Filters and frames need sound beyond what a step hears: its last sample came before this piece.
    report(run, heard, heard && data.at - 1000 * heard.lagS);
  };
}

function report(run: number, heard: Heard | null, capturedAt: number | null): void {
  if (!heard || (heard.count === 0 && heard.peaks.length === 0)) return;
  const { first, count, logits, levels, peaks } = heard;
  scope.postMessage({ type: "heard", run, first, count, logits, levels, peaks, capturedAt }, [logits.buffer, levels.buffer, peaks.buffer] as ArrayBuffer[]);
}

function finish(run: number, remarks: readonly string[]): void {
  const done = listener;
  current = -1;
  if (done) report(run, done.finish(), null);
  listener = null;
  scope.postMessage({
    type: "finished", run, remarks, spent: done?.spent ?? { decoding: 0, resampling: 0, mel: 0, network: 0 }, kept: done?.kept?.finish() ?? null,
    durationS: (done?.nSamples ?? 0) / bundle!.card.front_end.sample_rate,
  });
}

function fail(run: number, sentence: string): void {
  current = -1;
  listener = null;
  scope.postMessage({ type: "failed", run, sentence });
}

function absolute(path: string): string {
  return new URL(path, import.meta.url).href;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0].slice(0, 200);
}
