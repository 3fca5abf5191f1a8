// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from './errors.js';

// What an option's value must be, in words and as a check. Ranges are the library's to check, and to name.
const integer = {
  expected: 'an integer',
  fits: (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31,
};
const number = {expected: 'a number', fits: (value) => typeof value === 'number'};
const text = {expected: 'a string', fits: (value) => typeof value === 'string'};
const truth = {expected: 'true or false', fits: (value) => typeof value === 'boolean'};
const callback = {expected: 'a function', fits: (value) => typeof value === 'function'};
const abortSignal = {expected: 'an AbortSignal', fits: (value) => value instanceof AbortSignal};
const seed = {
  expected: 'an integer from 0 to 2^53 - 1, or a BigInt from 0 to 2^64 - 1',
  fits: (value) => typeof value === 'bigint' ? value >= 0n && value < 2n ** 64n : Number.isSafeInteger(value) && value >= 0,
};
const size = {
  expected: 'an integer, or a width and a height',
  fits: (value) => integer.fits(value) || (Array.isArray(value) && value.length === 2 && value.every(integer.fits)),
};
const pixels = {
  expected: 'ImageData, or an object with its data, width and height',
  fits: ({data, width, height}) => (data instanceof Uint8Array || data instanceof Uint8ClampedArray) &&
      integer.fits(width) && integer.fits(height) && width > 0 && height > 0 && data.length === 4 * width * height,
};
const floats = {expected: 'a Float32Array', fits: (value) => value instanceof Float32Array};
const oneOf = (names) => ({expected: `one of ${names.join(', ')}`, fits: (value) => names.includes(value)});

const PRECISIONS = ['float32', 'float16', 'int8'];
const MEMORY_USES = ['keep', 'stream'];
const NOISES = ['philox', 'torch'];
const FILE_TYPES = ['image/png', 'image/jpeg'];

const LOADING = {
  threads: integer, precision: oneOf(PRECISIONS), memory: oneOf(MEMORY_USES), onNote: callback, onProgress: callback,
  signal: abortSignal,
};
const DRAWING = {
  seed, size, steps: integer, guidance: number, negativePrompt: text, sampler: text, image: pixels, strength: number,
  noise: oneOf(NOISES), initialNoise: floats, onProgress: callback, signal: abortSignal,
};
const WRITING = {type: oneOf(FILE_TYPES), quality: integer, metadata: truth};

function refuse(message) {
  throw new MobileDiffusionError(Status.INVALID_ARGUMENT, message);
}

function shown(value) {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function check(options, known) {
  if (options === null || typeof options !== 'object') refuse(`options: expected an object, found ${shown(options)}`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) refuse(`${name}: no such option; there are ${Object.keys(known).join(', ')}`);
    if (value === undefined) continue;
    if (value === null || !known[name].fits(value)) refuse(`${name}: expected ${known[name].expected}, found ${shown(value)}`);
  }
}

/** As the worker takes them: what stays here, callbacks and signals, left out. */
export function loadingOf(options) {
  check(options, LOADING);
  const {threads = 0, precision = 'float32', memory = 'keep'} = options;
  return {threads, precision: PRECISIONS.indexOf(precision), memory: MEMORY_USES.indexOf(memory)};
}

/** Likewise. A file's type, quality and metadata are there where one was asked for. */
export function drawingOf(prompt, options, asFile) {
  if (typeof prompt !== 'string') refuse(`prompt: expected a string, found ${shown(prompt)}`);
  check(options, asFile ? {...DRAWING, ...WRITING} : DRAWING);
  const {
    seed = 0, size = 0, steps = 0, guidance = -1, negativePrompt = '', sampler = '', image, strength = 0.6,
    noise = 'philox', initialNoise, type = 'image/png', quality = 95, metadata = true,
  } = options;
  if (guidance < 0 && options.guidance !== undefined) refuse(`guidance: expected 0 to 100, found ${guidance}`);
  const [width, height] = Array.isArray(size) ? size : [size, size];
  return {
    prompt, seed: BigInt(seed), width, height, steps, guidance, negativePrompt, sampler, strength,
    image: image && {data: image.data, width: image.width, height: image.height},
    noise: NOISES.indexOf(noise), initialNoise,
    file: asFile ? {type, format: FILE_TYPES.indexOf(type), quality, metadata} : null,
  };
}
