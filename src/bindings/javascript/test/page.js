// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Runs the scenario and reports how it went, a test at a time.
import {Pipeline} from 'mobilediffusion';

import {check, equal} from './check.js';
import {scenario} from './scenario.js';

function report(result) {
  return fetch('/report', {method: 'POST', body: JSON.stringify(result)});
}

/** That the page can do what a page of its headers can. */
async function drawsForAPage(model) {
  const pipeline = await Pipeline.load(model, {onNote: () => {}, threads: 2});
  equal(pipeline.threads, crossOriginIsolated ? 2 : 1, 'threads');
  const picture = await pipeline.generate('two red boats at sunset');
  check(picture instanceof ImageData, 'expected ImageData');
  const canvas = Object.assign(document.createElement('canvas'), {width: picture.width, height: picture.height});
  const context = canvas.getContext('2d');
  context.putImageData(picture, 0, 0);
  const shown = context.getImageData(0, 0, picture.width, picture.height);
  check(shown.data.every((value, i) => value === picture.data[i]), 'the canvas shows it');
  pipeline.dispose();
}

/** examples/javascript/index.html, in a frame. */
async function theExampleDraws() {
  const frame = Object.assign(document.createElement('iframe'), {src: '/index.html'});
  document.body.append(frame);
  const text = () => frame.contentDocument.querySelector('output')?.textContent ?? '';
  for (let i = 0; i < 600 && !text().includes('seconds'); ++i) await new Promise((after) => setTimeout(after, 100));
  check(text().includes('seconds'), `the example says "${text()}"`);
  const canvas = frame.contentDocument.querySelector('canvas');
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  check(new Set(data).size > 64, 'the example\'s picture is of one colour');
  frame.remove();
}

async function run() {
  const model = 'model.mdiff';
  const bytes = await (await fetch(model)).arrayBuffer();
  const tests = {...scenario({model, bytes, options: {}}), drawsForAPage: () => drawsForAPage(model), theExampleDraws};
  for (const [name, test] of Object.entries(tests)) {
    const failure = await test().then(() => null, (error) => String(error.stack ?? error));
    await report({name, failure});
  }
  await report({end: true, isolated: crossOriginIsolated});
}

run().catch((error) => report({name: 'the page', failure: String(error)}).then(() => report({end: true})));
