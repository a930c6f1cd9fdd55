// Runs a bundle's TensorFlow.js graph model on its golden log-mel and prints the outputs as JSON.
// Usage: node run-graph-model.mjs BUNDLE/tfjs/model.json BUNDLE/golden.json
//        node run-graph-model.mjs BUNDLE/tfjs/model.json --time N_FRAMES   (median seconds of five runs)
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

const [modelPath, goldenPath] = process.argv.slice(2);

async function readArtifacts() {
  const model = JSON.parse(await readFile(modelPath, "utf8"));
  const folder = path.dirname(modelPath);
  const shards = model.weightsManifest.flatMap((group) => group.paths);
  const buffers = await Promise.all(shards.map((name) => readFile(path.join(folder, name))));
  const weights = Buffer.concat(buffers);
  return {
    ...model,
    weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
    weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength),
  };
}

const require = createRequire(import.meta.url);
setWasmPaths(`${path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
await tf.setBackend("wasm");
await tf.ready();

const artifacts = await readArtifacts();
const model = await loadGraphModel({ load: async () => artifacts });
const result = goldenPath === "--time" ? await timed(Number(process.argv[4])) : await golden();
process.stdout.write(JSON.stringify(result));

async function golden() {
  const { shape, base64 } = JSON.parse(await readFile(goldenPath, "utf8")).log_mel;
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  const outputs = run(tf.tensor(new Float32Array(bytes.buffer), [1, ...shape]), Object.keys(artifacts.signature.outputs));
  const values = {};
  for (const [name, tensor] of outputs) values[name] = (await tensor.array())[0];
  return values;
}

async function timed(nFrames) {
  const nMels = model.inputs[0].shape[2];
  const logMel = tf.randomNormal([1, nFrames, nMels], -40, 15);
  const times = [];
  for (let i = 0; i < 6; i += 1) {
    const began = performance.now();
    await run(logMel, ["step_logits"]).get("step_logits").data();
    times.push((performance.now() - began) / 1000);
  }
  return { median_s: times.slice(1).sort((a, b) => a - b)[2] };
}

// The order of outputs changes from one conversion to the next; the signature has their names.
function run(logMel, names) {
  const tensors = [model.execute(logMel, names.map((name) => artifacts.signature.outputs[name].name))].flat();
  return new Map(names.map((name, i) => [name, tensors[i]]));
}
