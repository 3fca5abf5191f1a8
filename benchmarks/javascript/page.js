// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {Pipeline} from 'mobilediffusion';

import {times} from './times.js';

const report = (result) => fetch('/report', {method: 'POST', body: JSON.stringify(result)});
const runs = Number(new URLSearchParams(location.search).get('runs'));

try {
  await report({end: true, ...await times(Pipeline, 'model.mdiff', {}, runs)});
} catch (error) {
  await report({end: true, failure: String(error)});
}
