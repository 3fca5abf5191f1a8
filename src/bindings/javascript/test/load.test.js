// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, it} from 'node:test';
import {pathToFileURL} from 'node:url';

import {Pipeline, Status} from 'mobilediffusion';

import {refused, rejection, samePicture} from './check.js';
import {model} from './model.js';
import {serve} from './server.js';

const PROMPT = 'two red boats at sunset';
const options = {threads: 1};
let folder, expected, server;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bär 🐻 '));
  server = await serve(folder);
  const pipeline = await Pipeline.load(model, options);
  expected = await pipeline.generate(PROMPT);
  pipeline.dispose();
});

after(async () => {
  server.close();
  await rm(folder, {recursive: true});
});

async function draws(source, loading = options) {
  const pipeline = await Pipeline.load(source, loading);
  try {
    return samePicture(await pipeline.generate(PROMPT), expected);
  } finally {
    pipeline.dispose();
  }
}

it('loads by a path of any script, and by its URL', async () => {
  const copy = join(folder, '模型.mdiff');
  await writeFile(copy, await readFile(model));
  assert(await draws(copy));
  assert(await draws(pathToFileURL(copy)));
});

it('loads by HTTP, whether the size is told or not', async () => {
  for (const [query, total] of [['', (await readFile(model)).length], ['?chunked', undefined]]) {
    const told = [];
    assert(await draws(`${server.address}/model.mdiff${query}`, {...options, onProgress: (state) => told.push(state)}));
    assert.equal(told.at(-1).loaded, (await readFile(model)).length);
    assert.equal(told.at(-1).total, total);
  }
});

it('names what cannot be fetched', async () => {
  await refused(Status.NOT_FOUND, 'no-such-model: expected a model, found HTTP status 404',
                Pipeline.load(`${server.address}/no-such-model`));
  const nowhere = 'http://127.0.0.1:1/model.mdiff';
  await refused(Status.IO_ERROR, `${nowhere} cannot be fetched`, Pipeline.load(nowhere));
  await refused(Status.IO_ERROR, 'cannot be read', Pipeline.load(folder));
});

it('refuses what is no model', async () => {
  const bytes = await readFile(model);
  await refused(Status.INVALID_MODEL, '', Pipeline.load(new Uint8Array(0), options));
  await refused(Status.INVALID_MODEL, '', Pipeline.load(new Uint8Array(91), options));
  await refused(Status.INVALID_MODEL, '', Pipeline.load(bytes.subarray(0, bytes.length / 2), options));
  await refused(Status.INVALID_MODEL, '', Pipeline.load(Buffer.from(bytes).fill('}', 8, 64), options));
  await refused(Status.INVALID_ARGUMENT, 'model: expected', Pipeline.load(undefined, options));
  await refused(Status.INVALID_ARGUMENT, 'model: expected', Pipeline.load('http://', options));
});

it('takes a part of an array of bytes', async () => {
  const bytes = await readFile(model);
  const prefixed = Buffer.concat([Buffer.alloc(777), bytes, Buffer.alloc(777)]);
  assert(await draws(prefixed.subarray(777, 777 + bytes.length)));
});

it('refuses options that cannot be', async () => {
  const refuses = (saying, given) => refused(Status.INVALID_ARGUMENT, saying, Pipeline.load(model, given));
  await refuses('thread: no such option; there are threads, precision', {thread: 2});
  await refuses('threads: expected an integer, found "2"', {threads: '2'});
  await refuses('threads', {threads: -1});
  await refuses('threads', {threads: 257});
  await refuses('precision: expected one of float32, float16, int8, found "int4"', {precision: 'int4'});
  await refuses('options: expected an object, found null', null);
});

it('stops loading with the reason of its signal', async () => {
  assert.equal(await rejection(Pipeline.load(model, {signal: AbortSignal.abort('before')})), 'before');
  const aborter = new AbortController();
  const loading = Pipeline.load(model, {...options, signal: aborter.signal, onProgress: () => aborter.abort('meanwhile')});
  assert.equal(await rejection(loading), 'meanwhile');
});

it('computes in int8 and in float32, streamed too', async () => {
  const drawn = async (loading) => {
    const pipeline = await Pipeline.load(model, {...options, ...loading});
    const {data} = await pipeline.generate(PROMPT);
    pipeline.dispose();
    return data;
  };
  const exact = await drawn({precision: 'float32'});
  for (const memory of ['keep', 'stream']) {
    const data = await drawn({precision: 'int8', memory});
    const error = data.reduce((sum, value, i) => sum + (value - exact[i]) ** 2, 0) / data.length;
    assert(error > 0 && error < 65, `the mean of squared errors is ${error}`);  // 30 dB
  }
});

it('knows itself and its model', async () => {
  const pipeline = await Pipeline.load(model, {threads: 2});
  assert.equal(pipeline.threads, 2);
  assert.match(pipeline.version, /^\d+\.\d+\.\d+$/);
  assert.notEqual(pipeline.modelName, '');
  assert(pipeline.loadSeconds > 0);
  assert.equal(pipeline.defaultWidth % pipeline.sizeMultiple, 0);
  assert.equal(pipeline.defaultHeight % pipeline.sizeMultiple, 0);
  pipeline.dispose();
});

it('keeps no program alive that waits for nothing', async () => {
  const program = `import {Pipeline} from 'mobilediffusion';
    const pipeline = await Pipeline.load(process.argv[1], {threads: 2});
    console.log((await pipeline.generate('a boat')).width);`;
  const node = spawn(process.execPath, ['--input-type=module', '--eval', program, model], {cwd: import.meta.dirname});
  let printed = '';
  node.stdout.on('data', (text) => printed += text);
  assert.equal(await new Promise((ended) => node.on('exit', ended)), 0);
  assert.match(printed, /^\d+\n$/);
});
