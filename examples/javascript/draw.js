// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// node draw.js PROMPT FILE.png|FILE.jpg MODEL.mdiff
import {writeFile} from 'node:fs/promises';

import {Pipeline} from 'mobilediffusion';

const [prompt, file, model] = process.argv.slice(2);
const pipeline = await Pipeline.load(model);
const begun = performance.now();
const picture = await pipeline.generateFile(prompt, {
  seed: 5,
  type: /\.jpe?g$/i.test(file) ? 'image/jpeg' : 'image/png',
  onProgress: ({stage, done, total}) => process.stderr.write(`\r${stage} ${done} of ${total}  `),
});
await writeFile(file, Buffer.from(await picture.arrayBuffer()));
console.log(`\n${file} in ${((performance.now() - begun) / 1000).toFixed(2)} seconds, ${pipeline.threads} threads`);
