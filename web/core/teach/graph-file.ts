/** The TensorFlow.js graph with another genre layer, and the layer that a graph has. */
import type { ModelJson } from "../model/network.ts";
import { unknownNetwork, type GenreLayer } from "./genre-layer.ts";
import type { Known } from "./head.ts";

interface Node {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Record<string, { tensor?: object }>;
}

interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly quantization?: { readonly dtype: "uint8" | "uint16" | "float16"; readonly min: number; readonly scale: number };
}

const PATH = "tfjs/model.json";
const SHARD = "group1-shard1of1.bin";
/** From the logits back to the features, and what each node's second input is. */
const BENT = [["Mul", "after"], ["Tanh", ""], ["Mul", "before"]] as const;
const DENSE = [["BiasAdd", "bias"], ["Reshape", "target"], ["MatMul", "kernel"]] as const;

type Role = "after" | "before" | "bias" | "target" | "kernel";

/** Names of the constants that a graph reads its genres with. */
type Constants = Partial<Record<Role, string>>;

export class GraphFile {
  private readonly nodes: ReadonlyMap<string, Node>;
  private readonly weights = new Map<string, { readonly spec: WeightSpec; readonly bytes: Uint8Array }>();
  private readonly constants: Constants;

  /** @throws BundleError if the network reads its genres in a way that is not known here */
  constructor(private readonly topology: ModelJson, shards: Uint8Array) {
    this.nodes = new Map((topology.modelTopology as { readonly node: readonly Node[] }).node.map((node) => [node.name, node]));
    let at = 0;
    for (const spec of topology.weightsManifest.flatMap((group) => group.weights as readonly WeightSpec[])) {
      const length = bytesOf(spec) * spec.shape.reduce((product, n) => product * n, 1);
      this.weights.set(spec.name, { spec, bytes: shards.subarray(at, (at += length)) });
    }
    this.constants = this.find();
  }

  get bends(): boolean {
    return this.constants.before !== undefined;
  }

  /** What the graph reads its genres with, so that they can stay. */
  known(): Known {
    const [nFeatures, nGenres] = this.weights.get(this.constants.kernel!)!.spec.shape;
    const kernel = this.values("kernel");
    return {
      head: {
        rows: Array.from({ length: nGenres }, (_, k) => Float64Array.from({ length: nFeatures }, (_, i) => kernel[i * nGenres + k])),
        bias: Float64Array.from(this.values("bias")),
      },
      limit: this.bends ? this.values("after")[0] : 0,
    };
  }

  /** The graph's two files with another layer. */
  withGenreLayer(layer: GenreLayer): { readonly "tfjs/model.json": string; readonly [shard: `tfjs/${string}`]: Uint8Array | string } {
    const { nGenres, nFeatures } = layer;
    // Of the graph's kernel a row is a feature.
    const kernel = Float32Array.from({ length: layer.kernel.length }, (_, at) => layer.kernel[(at % nGenres) * nFeatures + Math.floor(at / nGenres)]);
    const changed = new Map<string, { readonly spec: WeightSpec; readonly bytes: Uint8Array }>();
    const set = (role: Role, values: Float32Array | Int32Array, shape: readonly number[]) => {
      const name = this.constants[role]!;
      changed.set(name, { spec: { name, shape, dtype: values instanceof Int32Array ? "int32" : "float32" }, bytes: new Uint8Array(values.slice().buffer) });
    };
    set("kernel", kernel, [nFeatures, nGenres]);
    set("bias", layer.bias, [nGenres]);
    set("target", Int32Array.of(nGenres), [1]);
    if (layer.bend) {
      set("before", layer.bend.before, [nGenres]);
      set("after", layer.bend.after, [nGenres]);
    }
    const weights = [...this.weights].map(([name, weight]) => changed.get(name) ?? weight);
    const nodes = [...this.nodes.values()].map((node) => withShape(node, changed.get(node.name)?.spec.shape));
    const topology = {
      ...this.topology,
      signature: withOutputs(this.topology.signature, nGenres),
      modelTopology: { ...this.topology.modelTopology, node: nodes },
      weightsManifest: [{ paths: [SHARD], weights: weights.map(({ spec }) => spec) }],
    };
    const shard = new Uint8Array(weights.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let at = 0;
    for (const { bytes } of weights) {
      shard.set(bytes, at);
      at += bytes.length;
    }
    return { "tfjs/model.json": JSON.stringify(topology), [`tfjs/${SHARD}`]: shard };
  }

  private find(): Constants {
    const outputs = this.topology.signature?.outputs;
    let node = this.nodeOf(outputs?.["step_logits"]?.name);
    const features = this.nodeOf(outputs?.["step_features"]?.name);
    if (node?.op === "Identity") node = this.input(node, 0);
    const constants: Constants = {};
    for (const [op, role] of node?.op === "Mul" ? [...BENT, ...DENSE] : DENSE) {
      if (node?.op !== op) unknownNetwork(PATH);
      let constant = role && this.input(node, 1);
      if (role === "target") constant = constant && this.input(constant, 1);
      if (role && (!constant || !this.weights.has(constant.name))) unknownNetwork(PATH);
      if (role && constant) constants[role] = constant.name;
      node = this.input(node, 0);
    }
    const read = node?.op === "Reshape" ? this.input(node, 0) : undefined;
    if (!read || !features || (read !== features && this.input(features, 0) !== read)) unknownNetwork(PATH);
    return constants;
  }

  private nodeOf(reference: string | undefined): Node | undefined {
    return this.nodes.get(reference?.split(":")[0] ?? "");
  }

  private input(node: Node, index: number): Node | undefined {
    return this.nodeOf(node.input?.[index]);
  }

  private values(role: Role): Float32Array {
    const { spec, bytes } = this.weights.get(this.constants[role]!)!;
    const buffer = bytes.slice().buffer;
    const { quantization } = spec;
    if (!quantization) return new Float32Array(buffer);
    if (quantization.dtype === "float16") unknownNetwork(PATH);
    const stored = quantization.dtype === "uint8" ? new Uint8Array(buffer) : new Uint16Array(buffer);
    return Float32Array.from(stored, (value) => value * quantization.scale + quantization.min);
  }
}

const SIZES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

function bytesOf({ quantization, dtype }: WeightSpec): number {
  return SIZES[quantization?.dtype ?? dtype] ?? unknownNetwork(PATH);
}

function withShape(node: Node, shape: readonly number[] | undefined): Node {
  if (!shape || !node.attr?.["value"]) return node;
  const dim = shape.map((size) => ({ size: String(size) }));
  return { ...node, attr: { ...node.attr, value: { tensor: { ...node.attr["value"].tensor, tensorShape: { dim } } } } };
}

/** The signature, whose logits are of so many genres. */
function withOutputs(signature: ModelJson["signature"], nGenres: number): object {
  const outputs = structuredClone(signature?.outputs ?? {}) as Record<string, { tensorShape?: { dim: { size: string }[] } }>;
  for (const name of ["step_logits", "clip_logits"]) {
    const last = outputs[name]?.tensorShape?.dim.at(-1);
    if (last) last.size = String(nGenres);
  }
  return { ...signature, outputs };
}
