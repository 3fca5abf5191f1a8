// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The scenario that every language's tests tell, under these names.
import {MobileDiffusionError, Pipeline, Status} from 'mobilediffusion';

import {check, equal, refused, rejection, samePicture} from './check.js';

const PROMPT = 'two red boats at sunset';

/** Its tests by name, for a model's URL or path, its bytes, and options to load it with. */
export function scenario({model, bytes, options}) {
  let pipeline, expected;

  const drawnBy = async (loaded) => {
    const picture = await loaded.generate(PROMPT);
    loaded.dispose();
    return picture;
  };

  return {
    async begin() {
      pipeline = await Pipeline.load(model, options);
      expected = await pipeline.generate(PROMPT);
    },

    async loadsFromBytes() {
      const own = new Uint8Array(bytes);
      check(samePicture(await drawnBy(await Pipeline.load(own, options)), expected), 'of an array of bytes');
      equal(own.length, bytes.byteLength, 'the bytes stay the caller\'s');
      check(samePicture(await drawnBy(await Pipeline.load(new Blob([bytes]), options)), expected), 'of a Blob');
    },

    async loadsFromAPackedFile() {
      const told = [];
      const loaded = await Pipeline.load(model, {...options, onProgress: (progress) => told.push(progress)});
      equal(told.at(-1).loaded, bytes.byteLength, 'bytes loaded');
      equal(told.at(-1).total, bytes.byteLength, 'bytes in all');
      check(samePicture(await drawnBy(loaded), expected), 'of a file');
    },

    async drawsWithProgress() {
      const begun = [], ended = [];
      const picture = await pipeline.generate(PROMPT, {
        onProgress({stage, done, total}) {
          if (begun.at(-1) !== stage) begun.push(stage);
          if (done === total) ended.push(stage);
        },
      });
      equal(begun.join(), 'text,unet,decoder', 'stages begun');
      equal(ended.join(), 'text,unet,decoder', 'stages ended');
      check(samePicture(picture, expected), 'the same with progress');
      equal(picture.width, pipeline.defaultWidth, 'width');
      equal(picture.data.length, 4 * picture.width * picture.height, 'bytes of pixels');
      check(new Set(picture.data).size > 64, 'a picture of one colour');
    },

    async cancelsHalfWay() {
      const stages = new Set(), aborter = new AbortController();
      const stopped = pipeline.generate(PROMPT, {
        signal: aborter.signal,
        onProgress({stage, done, total}) {
          stages.add(stage);
          if (stage === 'unet' && 2 * done >= total) aborter.abort();
        },
      });
      // One that waits is not begun, and those before and after it are left alone.
      const waiting = new AbortController();
      const waits = pipeline.generate(PROMPT, {signal: waiting.signal, onProgress: () => check(false, 'begun')});
      const after = pipeline.generate(PROMPT);
      waiting.abort('nobody wants it');
      equal(await rejection(waits, 'a picture that waits'), 'nobody wants it', 'the reason');
      equal((await rejection(stopped, 'a picture that is drawn')).name, 'AbortError', 'the reason');
      check(stages.has('unet') && !stages.has('decoder'), `half-way: ${[...stages]}`);
      check(samePicture(await after, expected), 'the picture after it');
      const cancelled = pipeline.generate(PROMPT, {onProgress: ({stage}) => stage === 'unet' && pipeline.cancel()});
      await refused(Status.CANCELLED, 'cancel', cancelled);
    },

    async refusesWhatCannotBe() {
      await refused(Status.INVALID_ARGUMENT, '13', pipeline.generate(PROMPT, {size: [13, pipeline.defaultHeight]}));
      await refused(Status.INVALID_ARGUMENT, 'steps', pipeline.generate(PROMPT, {steps: -1}));
      await refused(Status.NOT_FOUND, 'no-such-model', Pipeline.load('no-such-model', options));
      await refused(Status.INVALID_MODEL, 'in memory', Pipeline.load(bytes.slice(0, 100_000), options));
      check(new MobileDiffusionError(Status.INTERNAL, '') instanceof Error, 'an Error');
    },

    async drawsAgain() {
      check(samePicture(await pipeline.generate(PROMPT), expected), 'again');
      check(!samePicture(await pipeline.generate(PROMPT, {seed: 1}), expected), 'another seed');
      await pipeline.trim();
      check(samePicture(await pipeline.generate(PROMPT), expected), 'after trim()');
    },

    async letsGo() {
      const other = await Pipeline.load(model, options);
      const picture = await other.generate(PROMPT);
      const running = other.generate(PROMPT, {onProgress: () => other.dispose()});
      const waiting = other.generate(PROMPT);
      await refused(Status.CANCELLED, 'disposed', running);
      await refused(Status.INVALID_STATE, 'disposed', waiting);
      await refused(Status.INVALID_STATE, 'disposed', other.generate(PROMPT));
      await refused(Status.INVALID_STATE, 'disposed', other.trim());
      other.dispose();
      check(samePicture(picture, expected), 'a picture outlives its pipeline');
      pipeline.dispose();
    },
  };
}
