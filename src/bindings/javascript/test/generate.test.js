// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import assert from 'node:assert/strict';
import {after, before, it} from 'node:test';

import {Pipeline, Status} from 'mobilediffusion';

import {refused, rejection, samePicture} from './check.js';
import {model} from './model.js';

const PROMPT = 'two red boats at sunset';
const notes = [];
let pipeline, expected;

before(async () => {
  pipeline = await Pipeline.load(model, {threads: 2, onNote: (note) => notes.push(note)});
  expected = await pipeline.generate(PROMPT);
});

after(() => pipeline.dispose());

it('says how a picture came about', async () => {
  const picture = await pipeline.generate('a red boat ñ🚤', {seed: 2n ** 64n - 1n});
  assert.equal(picture.provenance.prompt, 'a red boat ñ🚤');
  assert.equal(picture.provenance.seed, 2n ** 64n - 1n);
  assert.equal(picture.provenance.model, pipeline.modelName);
  assert.equal(picture.provenance.strength, undefined);
  assert.deepEqual(picture.provenance.loras, []);
  assert(picture.provenance.steps >= 1);
  assert(picture.promptTokens > 0);
  assert.equal(picture.promptTruncated, false);
  assert(picture.seconds.unet > 0 && picture.seconds.total >= picture.seconds.unet);
  assert.equal(picture.seconds.encoder, 0);
  assert.equal(picture.colorSpace, 'srgb');
  assert(picture.data instanceof Uint8ClampedArray);
});

it('begins with a picture', async () => {
  const other = await pipeline.generate(PROMPT, {image: expected, strength: 0.5, seed: 3});
  assert.equal(other.provenance.strength, 0.5);
  assert(other.seconds.encoder > 0);
  assert(!samePicture(other, expected));
});

it('takes options that are undefined for those that are not given', async () => {
  assert(samePicture(await pipeline.generate(PROMPT, {seed: undefined, size: undefined, signal: undefined}), expected));
});

it('takes noise of one\'s own, or PyTorch\'s', async () => {
  assert(!samePicture(await pipeline.generate(PROMPT, {noise: 'torch'}), expected));
  await refused(Status.INVALID_ARGUMENT, 'noise', pipeline.generate(PROMPT, {initialNoise: new Float32Array(5)}));
});

it('writes a PNG and a JPEG', async () => {
  const png = await pipeline.generateFile(PROMPT);
  assert.equal(png.type, 'image/png');
  const bytes = Buffer.from(await png.arrayBuffer());
  assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
  assert(bytes.includes(PROMPT));
  const bare = await pipeline.generateFile(PROMPT, {metadata: false});
  assert(!Buffer.from(await bare.arrayBuffer()).includes(PROMPT));
  const jpeg = await pipeline.generateFile(PROMPT, {type: 'image/jpeg', quality: 50});
  assert.equal(jpeg.type, 'image/jpeg');
  assert.equal(Buffer.from(await jpeg.arrayBuffer()).readUInt16BE(), 0xffd8);
  await refused(Status.INVALID_ARGUMENT, 'quality', pipeline.generateFile(PROMPT, {type: 'image/jpeg', quality: 101}));
});

it('refuses options that cannot be', async () => {
  const refuses = (saying, given) => refused(Status.INVALID_ARGUMENT, saying, pipeline.generate(PROMPT, given));
  await refuses('sede: no such option', {sede: 1});
  await refuses('type: no such option', {type: 'image/png'});
  for (const seed of [-1, 0.5, 2 ** 53, 2n ** 64n, '1']) await refuses('seed: expected an integer from 0', {seed});
  for (const size of [[128], [128, 0.5], '128x128']) await refuses('size: expected an integer, or a width', {size});
  await refuses('guidance', {guidance: -1});
  await refuses('guidance', {guidance: NaN});
  await refuses('steps', {steps: 1001});
  await refuses('sampler', {sampler: 'no such sampler'});
  await refuses('image: expected ImageData', {image: {data: new Uint8Array(5), width: 1, height: 1}});
  await refuses('onProgress: expected a function', {onProgress: true});
  await refused(Status.INVALID_ARGUMENT, 'prompt: expected a string, found undefined', pipeline.generate());
});

it('tells notes', async () => {
  notes.length = 0;
  const odd = pipeline.defaultWidth + pipeline.sizeMultiple;
  const picture = await pipeline.generate('a red zyzzyva', {size: [odd, pipeline.defaultHeight]});
  assert.equal(picture.width, odd);
  assert(notes.some(({level, message}) => level === 'warning' || message.includes(String(odd))), JSON.stringify(notes));
});

it('stops where a listener throws, and throws that', async () => {
  const thrown = new Error('by a listener');
  const drawing = pipeline.generate(PROMPT, {onProgress() {
    throw thrown;
  }});
  assert.equal(await rejection(drawing), thrown);
  assert(samePicture(await pipeline.generate(PROMPT), expected));
});

it('draws what was asked for in turn, on several pipelines at once', async () => {
  const other = await Pipeline.load(model, {threads: 1});
  const pictures = await Promise.all(Array.from({length: 8}, (_, i) => (i % 4 ? pipeline : other).generate(PROMPT)));
  other.dispose();
  for (const picture of pictures) assert(samePicture(picture, expected));
});

it('is the same for any number of threads', async () => {
  for (const threads of [1, 3]) {
    const other = await Pipeline.load(model, {threads});
    assert(samePicture(await other.generate(PROMPT), expected), `${threads} threads`);
    other.dispose();
  }
});

it('leaks nothing', async () => {
  const resident = () => process.memoryUsage.rss();
  const size = 128;
  for (let i = 0; i < 20; ++i) await pipeline.generate(PROMPT, {size});
  const before = resident();
  for (let i = 0; i < 100; ++i) await pipeline.generate(PROMPT, {size, seed: i});
  assert(resident() - before < 32 << 20, `${resident() - before} bytes more after 100 pictures`);
});
