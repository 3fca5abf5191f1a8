// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// In place of the npm package, whose face this has: it reads the model, and paints everything in the prompt's colour.

export const Status = {OUT_OF_MEMORY: 5};
export class MobileDiffusionError extends Error {}

const COLOURS = {red: '#c81e1e', blue: '#1e3cc8'};

function paint(prompt, [width, height]) {
  const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d');
  context.fillStyle = COLOURS[Object.keys(COLOURS).find((colour) => prompt.includes(colour))] ?? '#888888';
  context.fillRect(0, 0, width, height);
  return {canvas, context};
}

export class Pipeline {
  threads = crossOriginIsolated ? 2 : 1;

  static async load(model, {onProgress}) {
    const {byteLength} = await (await fetch(model)).arrayBuffer();
    if (byteLength < 1_000_000) throw new MobileDiffusionError('that is no model');
    onProgress({loaded: byteLength, total: byteLength});
    return new Pipeline();
  }

  async generate(prompt, {seed, size, signal, onProgress}) {
    if (typeof seed !== 'bigint') throw new MobileDiffusionError('a seed of another kind');
    onProgress({stage: 'unet', done: 1, total: 1});
    await new Promise((drawn) => setTimeout(drawn, 10));
    signal.throwIfAborted();
    const picture = paint(prompt, size).context.getImageData(0, 0, ...size);
    return Object.assign(picture, {seconds: {encoder: 0, text: .001, unet: .002, decoder: .003, total: .006}, unknownWords: [], promptTruncated: false});
  }

  generateFile(prompt, {size}) {
    return paint(prompt, size).canvas.convertToBlob();
  }
}
