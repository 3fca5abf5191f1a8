// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import assert from 'node:assert/strict';
import {dirname, join} from 'node:path';
import {describe, it} from 'node:test';
import {fileURLToPath} from 'node:url';

import {reportsOf} from './chromium.js';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..');

for (const isolated of [true, false]) {
  const reports = await reportsOf('test/page.html', {folder, isolated});
  const {isolated: found} = reports.pop();
  describe(`in Chromium, ${isolated ? 'cross-origin isolated' : 'not isolated'}`, () => {
    it('isWhatItsHeadersSay', () => assert.equal(found, isolated));
    for (const {name, failure} of reports) it(name, () => assert.equal(failure, null));
  });
}
