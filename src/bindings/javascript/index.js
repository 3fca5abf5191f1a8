// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// For browsers. ./node.js is the same for node.
import {Pipeline} from './lib/pipeline.js';

const platform = {
  cores: navigator.hardwareConcurrency ?? 1,
  canShareMemory: globalThis.crossOriginIsolated === true,

  locate: (model) => ({url: new URL(model, globalThis.document?.baseURI ?? location.href).href}),

  startWorker(onMessage, onError) {
    const worker = new Worker(new URL('./worker/browser.js', import.meta.url), {type: 'module'});
    worker.onmessage = ({data}) => onMessage(data);
    worker.onmessageerror = () => onError('a message could not be read');
    worker.onerror = (event) => onError(event.message ?? 'its script could not be loaded');
    return {
      post: (message) => worker.postMessage(message),
      keepAlive: () => {},
      terminate: () => worker.terminate(),
    };
  },
};

Pipeline.load = (model, options) => Pipeline.loadOn(platform, model, options);

export {Pipeline};
export {MobileDiffusionError, Status} from './lib/errors.js';
export {LiveSession} from './lib/live.js';
