// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {readFile} from 'node:fs/promises';
import {describe, it} from 'node:test';

import {scenario} from './scenario.js';
import {model} from './model.js';

const content = await readFile(model);
const bytes = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);

for (const threads of [1, 2]) {
  describe(`in node, threads: ${threads}`, () => {
    for (const [name, run] of Object.entries(scenario({model, bytes, options: {threads}}))) it(name, run);
  });
}
