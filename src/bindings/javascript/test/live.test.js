// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Pictures that follow a prompt.
import assert from 'node:assert/strict';
import {after, before, it} from 'node:test';

import {Pipeline, Status} from 'mobilediffusion';

import {refused, samePicture} from './check.js';
import {model} from './model.js';

let pipeline;

before(async () => {
  pipeline = await Pipeline.load(model, {threads: 2, refusedWords: 'gun'});
});

after(() => pipeline.dispose());

const refusedAtOnce = (status, saying, call) => refused(status, saying, (async () => call())());

it('draws what generate() draws', async () => {
  const session = pipeline.live({seed: 5});
  for (const [prompt, seed] of [['a red boat', undefined], ['a blue boat', undefined], ['a blue boat', 6n]]) {
    session.submit(prompt, seed);
    const {value, done} = await session.next();
    assert.equal(done, false);
    assert.equal(value.prompt, prompt);
    assert.equal(value.seed, seed ?? 5n);
    assert(value.seconds > 0 && value.picture.seconds.unet > 0);
    assert(samePicture(value.picture, await pipeline.generate(prompt, {seed: value.seed})));
  }
  session.close();
});

it('draws an unchanged prompt once, and the last always', async () => {
  const session = pipeline.live();
  session.submit('a boat');
  assert.equal((await session.next()).value.prompt, 'a boat');
  session.submit('a boat');
  for (let i = 1; i <= 40; ++i) session.submit(`boat ${i}`);
  const prompts = [];
  for await (const {prompt, picture} of session) {
    assert(picture);
    prompts.push(prompt);
    if (prompt === 'boat 40') break;
  }
  assert(!prompts.includes('a boat'));
  assert(prompts.length < 40, `nobody was overtaken: ${prompts}`);
  await refusedAtOnce(Status.INVALID_STATE, 'the live session is closed', () => session.submit('a house'));
  assert.equal((await session.next()).done, true);
});

it('lets the newest win while it is waited for the taker', async () => {
  const session = pipeline.live();
  session.submit('one');
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const prompt of ['two', 'three', 'four']) session.submit(prompt);
  const prompts = [];
  while (prompts.at(-1) !== 'four') prompts.push((await session.next()).value.prompt);
  assert(!prompts.includes('two') && !prompts.includes('three'), String(prompts));
  session.close();
});

it('tells what is wrong and goes on', async () => {
  const session = pipeline.live();
  for (const prompt of ['a gun', 'a gun']) {
    session.submit(prompt);
    const {value} = await session.next();
    assert.equal(value.picture, undefined);
    assert.equal(value.error.status, Status.REFUSED);
  }
  session.submit('a gunboat');
  assert((await session.next()).value.picture);
  await refusedAtOnce(Status.INVALID_ARGUMENT, 'prompt: expected a string', () => session.submit());
  await refusedAtOnce(Status.INVALID_ARGUMENT, 'seed: expected an integer', () => session.submit('a boat', -1));
  await refusedAtOnce(Status.INVALID_ARGUMENT, 'sede: no such option', () => pipeline.live({sede: 1}));
  session.close();
});

it('ends when it is closed, and nothing comes after it', async () => {
  for (let i = 0; i < 10; ++i) {
    const session = pipeline.live();
    session.submit('a boat');
    const next = session.next();
    if (i % 2) session.submit('a house');
    session.close();
    session.close();
    assert.deepEqual(await next, {value: undefined, done: true});
    assert.deepEqual(await session.next(), {value: undefined, done: true});
  }
  const aborter = new AbortController();
  const session = pipeline.live({signal: aborter.signal});
  session.submit('a boat');
  aborter.abort();
  assert.equal((await session.next()).done, true);
  await pipeline.generate('a boat');
});
