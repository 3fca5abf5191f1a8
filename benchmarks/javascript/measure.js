// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// node measure.js PROGRAM MODEL ROUNDS: started by ./run in a folder that has the package, its tests and this folder.
import {execFileSync} from 'node:child_process';

import {Pipeline} from 'mobilediffusion';

import {reportsOf} from '../test/chromium.js';
import {times} from './times.js';

const [program, model, rounds] = process.argv.slice(2);
const RUNS = 20;
const MOST_TIMES = 8;       // native's time
const MOST_COLD_START = 3;  // seconds

function native(threads) {
  const options = ['--runs', RUNS, '--threads', threads, '--cache', 'none', '--json'];
  const {precision, seconds: {picture}} = JSON.parse(execFileSync(program, ['bench', model, ...options], {encoding: 'utf8'}));
  return {threads, precision, fastest: 1000 * picture.min, median: 1000 * picture.median};
}

async function chromium(isolated) {
  const [{failure, ...found}] = await reportsOf(`benchmark/page.html?runs=${RUNS}`, {folder: '.', isolated});
  if (failure) throw new Error(failure);
  return found;
}

const ROWS = {
  'native': () => native(2),
  'native, one thread': () => native(1),
  'node': () => times(Pipeline, model, {threads: 2}, RUNS),
  'node, one thread': () => times(Pipeline, model, {threads: 1}, RUNS),
  'Chromium, cross-origin isolated': () => chromium(true),
  'Chromium, not isolated': () => chromium(false),
};

// In turn, so that what else the machine does meets all alike; the best of a row's rounds counts.
const best = {};
for (let round = 0; round < rounds; ++round) {
  for (const [name, measure] of Object.entries(ROWS)) {
    const found = await measure();
    best[name] ??= found;
    for (const part of ['fastest', 'median', 'first']) best[name][part] = Math.min(best[name][part], found[part]);
  }
}
console.log(`| ${best.native.precision} | threads | a picture: fastest, median | times native: fastest | cold start to a picture |`);
console.log('| --- | --- | --- | --- | --- |');
for (const [name, {threads, fastest, median, first}] of Object.entries(best)) {
  const inChromium = name.startsWith('Chromium');
  const ratio = fastest / best.native.fastest;
  const start = inChromium ? `${(first / 1000).toFixed(2)} s` : '';
  const picture = `${fastest.toFixed(0)}, ${median.toFixed(0)} ms`;
  console.log(`| ${[name, threads, picture, ratio.toFixed(1), start].join(' | ')} |`);
  if (inChromium && ratio > MOST_TIMES) console.log(`MORE than ${MOST_TIMES} times native`);
  if (inChromium && first > 1000 * MOST_COLD_START) console.log(`MORE than ${MOST_COLD_START} seconds`);
}
