// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// For node. ./index.js is the same for browsers.
import os from 'node:os';
import {fileURLToPath} from 'node:url';
import {Worker} from 'node:worker_threads';

import {Pipeline} from './lib/pipeline.js';

const HAS_SCHEME = /^[a-z][a-z0-9+.-]+:\/\//i;

const platform = {
  cores: os.availableParallelism?.() ?? os.cpus().length,
  canShareMemory: true,

  locate(model) {
    if (typeof model === 'string' && !HAS_SCHEME.test(model)) return {path: model};
    const url = new URL(model);
    return url.protocol === 'file:' ? {path: fileURLToPath(url)} : {url: url.href};
  },

  startWorker(onMessage, onError) {
    // Not with the program's own options, --input-type among them, which a worker cannot take.
    const worker = new Worker(new URL('./worker/node.js', import.meta.url), {execArgv: []});
    worker.on('message', onMessage);
    worker.on('messageerror', onError);
    worker.on('error', onError);
    return {
      post: (message) => worker.postMessage(message),
      keepAlive: (does) => does ? worker.ref() : worker.unref(),
      terminate: () => worker.terminate(),
    };
  },
};

Pipeline.load = (model, options) => Pipeline.loadOn(platform, model, options);

export {Pipeline};
export {MobileDiffusionError, Status} from './lib/errors.js';
export {LiveSession} from './lib/live.js';
