// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an app lets through.
import assert from 'node:assert/strict';
import {it} from 'node:test';

import {Pipeline, Status} from 'mobilediffusion';

import {refused, rejection, samePicture} from './check.js';
import {model} from './model.js';

async function using(options, test) {
  const pipeline = await Pipeline.load(model, {threads: 2, ...options});
  try {
    await test(pipeline);
  } finally {
    pipeline.dispose();
  }
}

it('refuses the words of a list', async () => {
  await using({refusedWords: '# a list\nred\nblue house'}, async (pipeline) => {
    await refused(Status.REFUSED, 'the prompt has "red"', pipeline.generate('a R\u00e9\u200bD boat'));
    await refused(Status.REFUSED, 'the prompt has "blue house"', pipeline.generateFile('one blue  house'));
    await pipeline.generate('a blue boat');
  });
  await refused(Status.INVALID_ARGUMENT, 'no letter and no number', Pipeline.load(model, {refusedWords: '!'}));
  await refused(Status.INVALID_ARGUMENT, 'refusedWords: expected a string', Pipeline.load(model, {refusedWords: ['red']}));
});

it('asks about every prompt before it is drawn', async () => {
  for (const wait of [(reason) => reason, async (reason) => reason]) {
    const asked = [];
    const promptFilter = (prompt) => {
      asked.push(prompt);
      return wait(prompt.includes('house') ? 'no houses' : undefined);
    };
    await using({promptFilter}, async (pipeline) => {
      const onProgress = () => assert.fail('drawn');
      await refused(Status.REFUSED, 'no houses', pipeline.generate('a house', {onProgress}));
      await pipeline.generate('a boat 🚤');
    });
    assert.deepEqual(asked, ['a house', 'a boat 🚤']);
  }
});

it('changes or refuses pictures, and what files are made of', async () => {
  let reason = null;
  const imageFilter = ({data, width, height, provenance}) => {
    assert.equal(data.length, 4 * width * height);
    assert.equal(provenance.prompt, 'a boat');
    data.fill(7);
    return reason;
  };
  await using({imageFilter}, async (pipeline) => {
    const {data} = await pipeline.generate('a boat');
    assert(data.every((value) => value === 7));
    const png = Buffer.from(await (await pipeline.generateFile('a boat')).arrayBuffer());
    assert(png.length < 5000, `${png.length} bytes of one colour`);
    assert(png.includes('trainedAlgorithmicMedia') && png.includes('a boat'));
    const jpeg = Buffer.from(await (await pipeline.generateFile('a boat', {type: 'image/jpeg'})).arrayBuffer());
    assert.equal(jpeg.readUInt16BE(), 0xffd8);
    assert(jpeg.includes('trainedAlgorithmicMedia'));
    reason = 'not this one';
    await refused(Status.REFUSED, 'not this one', pipeline.generate('a boat'));
    await refused(Status.REFUSED, 'not this one', pipeline.generateFile('a boat'));
    reason = '';
    await refused(Status.REFUSED, 'imageFilter', pipeline.generate('a boat'));
    reason = false;  // neither a reason nor nothing
    await refused(Status.INVALID_ARGUMENT, 'imageFilter: expected a reason or nothing', pipeline.generate('a boat'));
  });
});

it('changes nothing where nothing is refused', async () => {
  let expected;
  await using({}, async (pipeline) => expected = await pipeline.generate('a boat'));
  await using({promptFilter: () => {}, imageFilter: () => {}}, async (pipeline) => {
    assert(samePicture(await pipeline.generate('a boat'), expected));
  });
});

it('throws what a filter throws', async () => {
  const thrown = new Error('by a filter');
  for (const name of ['promptFilter', 'imageFilter']) {
    let throws = true;
    const filter = () => {
      if (throws) throw thrown;
    };
    await using({[name]: filter}, async (pipeline) => {
      assert.equal(await rejection(pipeline.generate('a boat')), thrown);
      throws = false;
      await pipeline.generate('a boat');
    });
  }
});

it('stops while a filter is waited for', async () => {
  for (const name of ['promptFilter', 'imageFilter']) {
    let answer;
    const asked = new Promise((begun) => {
      answer = () => new Promise(() => begun());
    });
    await using({[name]: (...given) => answer(...given)}, async (pipeline) => {
      const aborter = new AbortController();
      const drawing = pipeline.generate('a boat', {signal: aborter.signal});
      await asked;
      aborter.abort('enough');
      assert.equal(await rejection(drawing), 'enough');
    });
  }
});
