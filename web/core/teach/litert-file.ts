/** model.tflite with another genre layer: the network stays, the constants of its last operators change. */
import { FlatBuffer } from "./flatbuffer.ts";
import { unknownNetwork, type GenreLayer } from "./genre-layer.ts";

/** Fields by their place in TensorFlow Lite's schema. */
const MODEL = { codes: 1, graphs: 2, buffers: 4, signatures: 7 };
const CODE = { early: 0, code: 3 };
const GRAPH = { tensors: 0, operators: 3 };
const TENSOR = { shape: 0, buffer: 2, signature: 7 };
const OPERATOR = { code: 0, inputs: 1, outputs: 2 };
const SIGNATURE = { outputs: 1 };
const NAMED = { name: 0, tensor: 1 };
const OP = { add: 0, concatenation: 2, fullyConnected: 9, mul: 18, reshape: 22, tanh: 28 };
const PATH = "model.tflite";

/** @throws BundleError if the network reads its genres in another way */
export function withGenreLayer(file: Uint8Array, layer: GenreLayer): Uint8Array {
  const room = 4 * (layer.kernel.length + 8 * layer.nGenres) + 1024;
  return new Surgery(new FlatBuffer(file, room)).change(layer);
}

interface Operator {
  readonly op: number;
  readonly inputs: Int32Array;
  readonly outputs: Int32Array;
}

class Surgery {
  private readonly tensors: number[];
  private readonly buffers: number[];
  private readonly operators: Operator[];
  private readonly outputs: Map<string, number>;

  constructor(private readonly file: FlatBuffer) {
    const { root } = file;
    const [graph] = file.tables(root, MODEL.graphs);
    const codes = file.tables(root, MODEL.codes).map((code) => {
      const early = file.field(code, CODE.early);
      return Math.max(early && file.byte(early), file.number(code, CODE.code));
    });
    this.tensors = file.tables(graph, GRAPH.tensors);
    this.buffers = file.tables(root, MODEL.buffers);
    this.operators = file.tables(graph, GRAPH.operators).map((operator) => ({
      op: codes[file.number(operator, OPERATOR.code)],
      inputs: file.ints(operator, OPERATOR.inputs),
      outputs: file.ints(operator, OPERATOR.outputs),
    }));
    const [signature] = file.tables(root, MODEL.signatures);
    if (!signature) unknownNetwork(PATH);
    this.outputs = new Map(file.tables(signature, SIGNATURE.outputs).map((each) => [file.text(each, NAMED.name), file.number(each, NAMED.tensor)]));
  }

  /** From the logits back to the features, past what is known to stand between them. */
  change(layer: GenreLayer): Uint8Array {
    const logits = this.outputs.get("step_logits");
    const features = this.outputs.get("step_features");
    if (logits === undefined || features === undefined) unknownNetwork(PATH);
    const nBefore = this.shape(logits).at(-1)!;
    const scales = layer.bend ? [layer.bend.after, layer.bend.before] : [];
    const expected = layer.bend ? [OP.mul, OP.tanh, OP.mul, OP.add, OP.reshape, OP.fullyConnected] : [OP.add, OP.reshape, OP.fullyConnected];
    let at = logits;
    for (const op of expected) {
      const operator = this.operatorOf(at);
      if (operator?.op !== op) unknownNetwork(PATH);
      const [input, constant] = operator.inputs;
      if (op === OP.mul) this.setConstant(constant, scales.shift()!, [layer.nGenres]);
      if (op === OP.add) this.setConstant(constant, layer.bias, [layer.nGenres]);
      if (op === OP.reshape) this.resizeTarget(constant, nBefore, layer.nGenres);
      if (op === OP.fullyConnected) this.setConstant(constant, layer.kernel, [layer.nGenres, layer.nFeatures]);
      this.resize(at, layer.nGenres);
      at = input;
    }
    const flattened = this.operatorOf(at);
    if (flattened?.op !== OP.reshape || flattened.inputs[0] !== features) unknownNetwork(PATH);
    const clip = this.outputs.get("clip_logits");
    if (clip !== undefined) this.resize(clip, layer.nGenres);
    return this.file.finish();
  }

  private operatorOf(tensor: number): Operator | undefined {
    return this.operators.find(({ outputs }) => outputs.includes(tensor));
  }

  private shape(tensor: number): Int32Array {
    return this.file.ints(this.tensors[tensor], TENSOR.shape);
  }

  /** The last axis of an activation. */
  private resize(tensor: number, size: number): void {
    for (const field of [TENSOR.shape, TENSOR.signature]) {
      const { at, length } = this.file.vector(this.tensors[tensor], field);
      if (length > 0) this.file.setInt(at + 4 * (length - 1), size);
    }
  }

  /** The shape that a dense layer's output is given: batch and steps as they come, then the number of genres. */
  private resizeTarget(shape: number, from: number, to: number): void {
    const joined = this.operatorOf(shape);
    const size = joined?.op === OP.concatenation ? joined.inputs[1] : -1;
    const data = size < 0 ? 0 : this.file.vector(this.bufferOf(size), 0).at;
    if (!data || this.file.int(data) !== from) unknownNetwork(PATH);
    this.file.setInt(data, to);
  }

  private setConstant(tensor: number, values: Float32Array, shape: readonly number[]): void {
    const buffer = this.bufferOf(tensor);
    const [data, shapeField] = [this.file.field(buffer, 0), this.file.field(this.tensors[tensor], TENSOR.shape)];
    if (!data || !shapeField) unknownNetwork(PATH);
    this.file.refer(data, new Uint8Array(values.slice().buffer), 4 * values.length);
    this.file.refer(shapeField, new Uint8Array(Int32Array.from(shape).buffer), shape.length);
  }

  /** The buffer of a constant that nothing else uses. */
  private bufferOf(tensor: number): number {
    const buffer = this.file.number(this.tensors[tensor], TENSOR.buffer);
    const users = this.operators.filter(({ inputs }) => inputs.includes(tensor));
    const sharing = this.tensors.filter((other) => this.file.number(other, TENSOR.buffer) === buffer);
    if (users.length !== 1 || sharing.length !== 1) unknownNetwork(PATH);
    return this.buffers[buffer];
  }
}
