/** The messages between the page and the worker that listens. `run` numbers a recording; answers to an older run are stale. */
import type { Card } from "../bundle/card.ts";
import type { GoldenDifference } from "../bundle/golden.ts";
import type { Kept } from "../audio/kept-sound.ts";
import type { Hints, Planes } from "../audio/sound.ts";
import type { Spent } from "../model/listener.ts";
import type { Learnt, Song } from "../teach/learn.ts";

export type ToWorker =
  | { readonly type: "load"; readonly bundle: BundleRequest }
  | { readonly type: "open"; readonly run: number; readonly file: Blob; readonly name: string }
  /** Sound that the page decodes itself: any number of `samples`, each answered by `took`, then `end`. */
  | { readonly type: "samples"; readonly run: number; readonly name: string; readonly planes: Planes }
  | { readonly type: "end"; readonly run: number; readonly name: string }
  /** Live sound, sent straight from the audio thread through `port`. */
  | { readonly type: "listen"; readonly run: number; readonly sampleRate: number; readonly port: MessagePort }
  | { readonly type: "stop"; readonly run: number }
  /** Learn these songs, and listen by what was learnt from then on; with none, listen as before. */
  | { readonly type: "learn"; readonly songs: readonly Song[]; readonly add: boolean }
  /** Make a bundle of what was learnt. */
  | { readonly type: "save-taught" };

export type BundleRequest =
  | { readonly kind: "pretrained"; readonly base: string }
  /** Any address, checked before it is used. */
  | { readonly kind: "address"; readonly base: string }
  | { readonly kind: "beside"; readonly name: string; readonly page: string }
  | { readonly kind: "files"; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: "zip"; readonly archive: Blob };

export type FromWorker =
  | { readonly type: "loaded"; readonly card: Card; readonly golden: GoldenDifference | null }
  | { readonly type: "load-failed"; readonly sentence: string }
  | { readonly type: "opened"; readonly run: number; readonly expectedS: number | null }
  | HeardMessage
  | FinishedMessage
  | { readonly type: "failed"; readonly run: number; readonly sentence: string }
  /** The file needs decodeAudioData, which only the page has. */
  | { readonly type: "decode-yourself"; readonly run: number; readonly hints: Hints }
  | { readonly type: "took"; readonly run: number }
  | TaughtMessage
  | { readonly type: "taught-saved"; readonly zip: Blob }
  | { readonly type: "teach-failed"; readonly sentence: string };

export interface TaughtMessage {
  readonly type: "taught";
  /** null where nothing is taught any more */
  readonly learnt: Learnt | null;
  /** how logits are made of features from now on */
  readonly reading: Pick<Learnt, "head" | "known">;
  /** what the page listens by now */
  readonly card: Card;
  /** milliseconds of learning */
  readonly ms: number;
}

export interface HeardMessage {
  readonly type: "heard";
  readonly run: number;
  readonly first: number;
  readonly count: number;
  readonly logits: Float32Array;
  readonly levels: Float32Array;
  /** what the logits were read from, row-major; nothing where the network does not tell it */
  readonly features?: Float32Array;
  readonly peaks: Float32Array;
  /** live: when the last sample that was heard reached the audio thread, in ms since the epoch */
  readonly capturedAt: number | null;
}

export interface FinishedMessage {
  readonly type: "finished";
  readonly run: number;
  readonly durationS: number;
  /** live: what was heard, to be played again */
  readonly kept: Kept | null;
  /** sentences about what was not heard as it is */
  readonly remarks: readonly string[];
  /** milliseconds */
  readonly spent: Spent;
}

/** One piece of live sound, as the audio thread sends it. */
export interface CapturedPiece {
  readonly mono: Float32Array;
  /** ms since the epoch */
  readonly at: number;
}
