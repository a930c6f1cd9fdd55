/** The worker: loads the model, decodes, listens. The page only draws. */
import simdWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url&no-inline";
import threadedWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url&no-inline";
import plainWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url&no-inline";
import { MonoMixer } from "../audio/mono.ts";
import { AudioFileError, NotStreamableError, type Planes } from "../audio/sound.ts";
import { BundleError, type Card } from "../bundle/card.ts";
import { loadBundle, type Bundle } from "../bundle/load.ts";
import { modelAddress, sourceFromFiles, sourceFromUrl, unpack, type BundleSource } from "../bundle/source.ts";
import { Listener, type Heard } from "../model/listener.ts";
import { startBackend } from "../model/network.ts";
import { stepLogits, type Learnt, type Song } from "../teach/learn.ts";
import { Teacher } from "../teach/teacher.ts";
import { openBeside, startDecoder } from "./decoder.ts";
import type { BundleRequest, CapturedPiece, FromWorker, ToWorker } from "./protocol.ts";

interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}
const scope = self as unknown as WorkerScope;

let backend: Promise<void> | null = null;
let bundle: Bundle | null = null;
let source: BundleSource | null = null;
/** of the bundle; made once it is asked for */
let teacher: Promise<Teacher> | null = null;
let taught: { readonly learnt: Learnt; readonly card: Card } | null = null;
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
    case "learn":
      void learn(data.songs, data.add);
      break;
    case "save-taught":
      void saveTaught();
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
    const opened = await sourceOf(request);
    await backend.catch((error) => {
      // What could not be fetched once may be had when it is asked for again.
      backend = null;
      throw error;
    });
    const loaded = await loadBundle(opened, { checkGolden: request.kind !== "pretrained" });
    // The old network stays until the new one has passed every check.
    current = -1;
    bundle?.network.dispose();
    bundle = loaded;
    source = opened;
    teacher = taught = null;
    scope.postMessage({ type: "loaded", card: loaded.card, golden: loaded.golden });
    startDecoder();
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
  listener = new Listener(bundle!.card, bundle!.melBank, bundle!.network.withFeatures, sampleRate, { live });
}

async function hearFile(run: number, file: Blob, name: string): Promise<void> {
  current = run;
  listener = null;
  try {
    const opened = await openBeside(file, name);
    try {
      if (run !== current) return;
      scope.postMessage({ type: "opened", run, expectedS: opened.expectedS });
      for await (const { mono, sampleRate } of opened.blocks()) {
        if (run !== current) return;
        if (!listener) begin(run, sampleRate, false);
        report(run, listener!.push(mono, sampleRate), null);
      }
      if (run !== current) return;
      listener!.spent.decoding = opened.decodingMs;
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
    release(data.mono.buffer as ArrayBuffer);
    // Filters and frames need sound beyond what a step hears: its last sample came before this piece.
    report(run, heard, heard && data.at - 1000 * heard.lagS);
  };
}

/** Gives a heard piece back at once: they are 11 MB a minute, of which the collector takes no notice for long. */
function release(buffer: ArrayBuffer & { transfer?(bytes: number): ArrayBuffer }): void {
  buffer.transfer?.(0);
}

function report(run: number, heard: Heard | null, capturedAt: number | null): void {
  if (!heard || (heard.count === 0 && heard.peaks.length === 0)) return;
  const { first, count, logits: values, levels, peaks } = heard;
  const [logits, features] = told(values, count);
  const transfer = [logits.buffer, features.buffer, levels.buffer, peaks.buffer] as ArrayBuffer[];
  scope.postMessage({ type: "heard", run, first, count, logits, features, levels, peaks, capturedAt }, transfer);
}

/** Logits and features of steps, by what was learnt, if anything. */
function told(values: Float32Array, count: number): [Float32Array, Float32Array] {
  const { nGenres, nFeatures } = bundle!.network;
  const features = new Float32Array(count * nFeatures);
  const rows: ArrayLike<number>[] = [];
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * (nGenres + nFeatures), (i + 1) * (nGenres + nFeatures));
    features.set(row.subarray(nGenres), i * nFeatures);
    rows.push(taught ? stepLogits(taught.learnt, row.subarray(nGenres)) : row.subarray(0, nGenres));
  }
  const logits = new Float32Array(count * (rows[0]?.length ?? 0));
  rows.forEach((row, i) => logits.set(row, i * row.length));
  return [logits, features];
}

async function learn(songs: readonly Song[], add: boolean): Promise<void> {
  const model = bundle!;
  try {
    const began = performance.now();
    // Also without a song, so that the first lesson is short.
    const school = await (teacher ??= Teacher.of(source!, model.card));
    if (model !== bundle) throw new BundleError("Another model was loaded meanwhile: teach that one.");
    taught = songs.length > 0 ? school.learn(songs, add) : null;
    const learnt = taught?.learnt ?? null;
    scope.postMessage({ type: "taught", learnt, reading: learnt ?? school.untaught, card: taught?.card ?? model.card, ms: performance.now() - began });
  } catch (error) {
    teacher = null;
    teachFailed(error);
  }
}

async function saveTaught(): Promise<void> {
  try {
    if (!taught || !teacher) throw new BundleError("Nothing was taught yet that could be saved.");
    scope.postMessage({ type: "taught-saved", zip: await (await teacher).bundle(taught.learnt, taught.card) });
  } catch (error) {
    teachFailed(error);
  }
}

function teachFailed(error: unknown): void {
  scope.postMessage({ type: "teach-failed", sentence: error instanceof BundleError ? error.message : `It could not be learnt: ${messageOf(error)}` });
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
