/** The network itself: a TensorFlow.js graph model on the wasm backend. */
import { loadGraphModel, type GraphModel } from "@tensorflow/tfjs-converter";
import { setBackend, tensor3d, type Tensor } from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { BundleError } from "../bundle/card.ts";
import type { StepNetwork } from "./step-stream.ts";

/** The exported graph: `model.json` parsed, and its weight shards joined. */
export interface GraphArtifacts {
  readonly topology: ModelJson;
  readonly weights: ArrayBuffer;
}

/** The parts of a TF.js `model.json` that are read here. */
export interface ModelJson {
  readonly format?: string;
  readonly modelTopology: object;
  readonly signature?: { readonly outputs?: Readonly<Record<string, GraphOutput>> };
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly object[] }[];
}

interface GraphOutput {
  readonly name: string;
  readonly tensorShape?: { readonly dim?: readonly { readonly size: string }[] };
}

/**
 * Starts the wasm backend.
 *
 * @param paths where each of TF.js's wasm files is served
 */
export async function startBackend(paths: Record<string, string>): Promise<void> {
  setWasmPaths(paths as Parameters<typeof setWasmPaths>[0] & object);
  if (!(await setBackend("wasm"))) throw new Error("WebAssembly could not be started in this browser.");
}

export class GenreNetwork {
  private constructor(
    private readonly model: GraphModel,
    private readonly stepsNode: string | undefined,
    private readonly features: { readonly node: string; readonly n: number } | null,
    readonly nMels: number,
    readonly nGenres: number,
  ) {}

  /** @throws BundleError if the graph cannot be loaded */
  static async load(artifacts: GraphArtifacts, nMels: number, nGenres: number): Promise<GenreNetwork> {
    const { topology, weights } = artifacts;
    try {
      const model = await loadGraphModel({
        load: async () => ({
          format: topology.format,
          modelTopology: topology.modelTopology,
          signature: topology.signature,
          weightSpecs: topology.weightsManifest.flatMap((group) => group.weights),
          weightData: weights,
        }) as never,
      });
      const { step_logits: steps, step_features: features } = topology.signature?.outputs ?? {};
      const n = Number(features?.tensorShape?.dim?.at(-1)?.size);
      return new GenreNetwork(model, steps?.name, steps && features && n > 0 ? { node: features.name, n } : null, nMels, nGenres);
    } catch (error) {
      throw new BundleError(`This model's network could not be loaded: ${describe(error)}`);
    }
  }

  /**
   * @param logMel dB, row-major `(nFrames, nMels)`
   * @returns step logits, row-major `(nSteps, nGenres)`
   * @throws BundleError if the network's answer has not the shape the card promises
   */
  stepLogits(logMel: Float32Array, nFrames: number): Float32Array {
    const input = tensor3d(logMel, [1, nFrames, this.nMels]);
    let outputs: Tensor[] = [];
    try {
      const result = this.model.execute(input, this.stepsNode) as Tensor | Tensor[];
      outputs = Array.isArray(result) ? result : [result];
      // Named in the signature of every bundle that Python writes. Where a graph has none, only their rank tells its outputs apart.
      const steps = outputs.find((output) => output.rank === 3);
      if (!steps || steps.shape[2] !== this.nGenres) {
        const shapes = outputs.map((output) => `(${output.shape.join(", ")})`).join(" and ");
        throw new BundleError(`This model answers in the shape ${shapes}, not one number for each of its ${this.nGenres} genres.`);
      }
      return steps.dataSync() as Float32Array;
    } finally {
      input.dispose();
      for (const output of outputs) output.dispose();
    }
  }

  /** Numbers that the logits of a step are read from; 0 for a network that does not tell them. */
  get nFeatures(): number {
    return this.features?.n ?? 0;
  }

  /** The same network, whose steps are its logits and, to the right of them, its features. */
  get withFeatures(): StepNetwork {
    const { nMels, nGenres, nFeatures } = this;
    const width = nGenres + nFeatures;
    return {
      nMels,
      nGenres: width,
      stepLogits: (logMel, nFrames) => {
        if (!this.features) return this.stepLogits(logMel, nFrames);
        const input = tensor3d(logMel, [1, nFrames, nMels]);
        let outputs: Tensor[] = [];
        try {
          outputs = this.model.execute(input, [this.stepsNode!, this.features.node]) as Tensor[];
          const [logits, features] = outputs.map((output) => output.dataSync() as Float32Array);
          const nSteps = logits.length / nGenres;
          const rows = new Float32Array(nSteps * width);
          for (let i = 0; i < nSteps; i++) {
            rows.set(logits.subarray(i * nGenres, (i + 1) * nGenres), i * width);
            rows.set(features.subarray(i * nFeatures, (i + 1) * nFeatures), i * width + nGenres);
          }
          return rows;
        } finally {
          input.dispose();
          for (const output of outputs) output.dispose();
        }
      },
    };
  }

  dispose(): void {
    this.model.dispose();
  }
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n")[0].slice(0, 200);
}
