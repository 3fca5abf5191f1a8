// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The engine inside the browser: the npm package mobilediffusion, in a folder of that name beside this file, and a model.
// engine_server.js has the same face.
import {MobileDiffusionError, Pipeline, Status} from './mobilediffusion/index.js';
import {controlled} from './offline.js';

const RELOADED = 'mobilediffusion-reloaded';

class EngineError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** Threads want headers that many hosts do not send: the service worker adds them, from the next time on that the page loads. */
async function isolate() {
  if (crossOriginIsolated || !(await controlled()) || sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, 'yes');
  location.reload();
  await new Promise(() => {});  // until it does
}

async function fetched(url) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new EngineError('away', `${url} could not be loaded.`);
  return response;
}

function understood(error) {
  if (!(error instanceof MobileDiffusionError)) return error;
  return new EngineError('wrong', error.status === Status.OUT_OF_MEMORY ? 'This device has not enough memory.' : error.message);
}

const optionsOf = ({seed, width, height, steps, image, strength}) => ({
  seed: BigInt(seed),
  size: [width, height],
  steps,
  ...(image ? {image: image.pixels, strength} : {}),
});

/** An address that an <img> takes. */
async function urlOf(picture) {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext('2d').putImageData(picture, 0, 0);
  return URL.createObjectURL(await canvas.convertToBlob());
}

export async function openEngine({onNote}) {
  await isolate();
  const facts = await (await fetched('model.json')).json();
  const pipeline = await Pipeline.load(facts.url, {
    onProgress: ({loaded, total}) => onNote(total ? `Loading the model, ${Math.round(100 * loaded / total)}%` : 'Loading the model'),
  }).catch((error) => { throw understood(error); });
  facts.device = `${pipeline.threads} ${pipeline.threads === 1 ? 'thread' : 'threads'} of this browser, float32`;
  facts.engine = 'wasm';

  async function draw(request, {signal, onProgress}) {
    const picture = await pipeline.generate(request.prompt, {...optionsOf(request), signal, onProgress})
                        .catch((error) => { throw understood(error); });
    return {
      request, url: await urlOf(picture), width: picture.width, height: picture.height, seconds: picture.seconds,
      unknown_words: picture.unknownWords, prompt_truncated: picture.promptTruncated,
    };
  }

  return {facts, draw, fileOf: ({request}) => pipeline.generateFile(request.prompt, optionsOf(request))};
}
