// Times an exported model in ONNX Runtime: node onnxruntime.js EXPORT PRECISION THREADS RUNS [ANSWERS]
// See worker.py for what is printed and written. NODE_PATH must lead to onnxruntime-node.
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

const ARRAYS = {float32: Float32Array, int64: BigInt64Array};

function tensor(folder, {file, type, shape}) {
  const bytes = fs.readFileSync(path.join(folder, file));
  return new ort.Tensor(type, new ARRAYS[type](new Uint8Array(bytes).buffer), shape);
}

async function main(folder, precision, threads, runs, answers) {
  const {stages} = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json')));
  const suffix = precision === 'float32' ? '' : '.' + precision;
  const options = {
    executionProviders: ['cpu'], graphOptimizationLevel: 'all', executionMode: 'sequential',
    intraOpNumThreads: Number(threads), interOpNumThreads: 1, logSeverityLevel: 3,
  };
  const now = () => Number(process.hrtime.bigint()) * 1e-9;
  const sessions = {}, inputs = {}, seconds = {}, last = {};
  const start = now();
  for (const {name} of stages)
    sessions[name] = await ort.InferenceSession.create(path.join(folder, name + suffix + '.onnx'), options);
  const load = now() - start;
  for (const stage of stages) {
    inputs[stage.name] = Object.fromEntries(stage.inputs.map((input) => [input.name, tensor(folder, input)]));
    seconds[stage.name] = [];
  }
  const warmUps = 2;  // not counted
  for (let run = 0; run < warmUps + Number(runs); ++run) {
    for (const {name} of stages) {
      const before = now();
      last[name] = (await sessions[name].run(inputs[name])).answer;
      if (run >= warmUps) seconds[name].push(now() - before);
    }
  }
  const peak = process.resourceUsage().maxRSS * 1024;
  if (answers)
    for (const {name, answer} of stages)
      fs.writeFileSync(path.join(answers, answer.file), Buffer.from(last[name].data.buffer));
  const version = require('onnxruntime-node/package.json').version;
  console.log(JSON.stringify({version, load, seconds, peak_memory_bytes: peak}));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
