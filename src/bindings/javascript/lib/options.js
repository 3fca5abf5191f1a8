// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from './errors.js';

// What an option's value must be, in words and as a check. Ranges are the library's to check, and to name.
const kind = (expected, fits) => ({expected, fits});
const isInteger = (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31;
const isSize = (value) => Number.isInteger(value) && value > 0;
const integer = kind('an integer', isInteger);
const number = kind('a number', (value) => typeof value === 'number');
const text = kind('a string', (value) => typeof value === 'string');
const wholeText = kind('a string without NUL', (value) => typeof value === 'string' && !value.includes('\0'));
const truth = kind('true or false', (value) => typeof value === 'boolean');
const callback = kind('a function', (value) => typeof value === 'function');
const abortSignal = kind('an AbortSignal', (value) => value instanceof AbortSignal);
const floats = kind('a Float32Array', (value) => value instanceof Float32Array);
const oneOf = (names) => kind(`one of ${names.join(', ')}`, (value) => names.includes(value));
const seed = kind(
    'an integer from 0 to 2^53 - 1, or a BigInt from 0 to 2^64 - 1',
    (value) => typeof value === 'bigint' ? value === BigInt.asUintN(64, value) : Number.isSafeInteger(value) && value >= 0);
const size = kind(
    'an integer, or a width and a height',
    (value) => isInteger(value) || (Array.isArray(value) && value.length === 2 && value.every(isInteger)));
const pixels = kind(
    'ImageData, or an object with its data, width and height',
    ({data, width, height}) => (data instanceof Uint8Array || data instanceof Uint8ClampedArray) && isSize(width) &&
        isSize(height) && data.length === 4 * width * height);

const PRECISIONS = ['float32', 'float16', 'int8'];
const PRECISION_OF_MODEL = 3;  // int8 where its weights are, else float32
const MEMORY_USES = ['keep', 'stream'];
const NOISES = ['philox', 'torch'];
const FILE_TYPES = ['image/png', 'image/jpeg'];

const LOADING = {
  threads: integer, precision: oneOf(PRECISIONS), memory: oneOf(MEMORY_USES), refusedWords: wholeText, promptFilter: callback,
  imageFilter: callback, onNote: callback, onProgress: callback, signal: abortSignal,
};
const DRAWING = {
  seed, size, steps: integer, guidance: number, negativePrompt: text, sampler: text, image: pixels, strength: number,
  noise: oneOf(NOISES), initialNoise: floats, rememberText: truth, onProgress: callback, signal: abortSignal,
};
const WRITING = {type: oneOf(FILE_TYPES), quality: integer, metadata: truth};

export function refuse(message) {
  throw new MobileDiffusionError(Status.INVALID_ARGUMENT, message);
}

export function shown(value) {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function check(options, known) {
  if (options === null || typeof options !== 'object') refuse(`options: expected an object, found ${shown(options)}`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) refuse(`${name}: no such option; there are ${Object.keys(known).join(', ')}`);
    if (value === undefined) continue;
    const {expected, fits} = known[name];
    if (value === null || !fits(value)) refuse(`${name}: expected ${expected}, found ${shown(value)}`);
  }
}

/** As the worker takes them: what stays here, callbacks and signals, left out. */
export function loadingOf(options) {
  check(options, LOADING);
  const {threads = 0, precision, memory = 'keep', refusedWords = ''} = options;
  return {
    threads, memory: MEMORY_USES.indexOf(memory), refusedWords,
    precision: precision === undefined ? PRECISION_OF_MODEL : PRECISIONS.indexOf(precision),
  };
}

/** Throws where a prompt, or the seed that goes with it, is none. */
export function checkPrompt(prompt, seedOfIt) {
  if (typeof prompt !== 'string') refuse(`prompt: expected a string, found ${shown(prompt)}`);
  check({seed: seedOfIt}, {seed});
}

/** Likewise. A file's type, quality and metadata are there where one was asked for. */
export function drawingOf(prompt, options, asFile) {
  checkPrompt(prompt, undefined);
  check(options, asFile ? {...DRAWING, ...WRITING} : DRAWING);
  const {
    seed = 0, size = 0, steps = 0, guidance = -1, negativePrompt = '', sampler = '', image, strength = 0.6,
    noise = 'philox', initialNoise, rememberText = false, type = 'image/png', quality = 95, metadata = true,
  } = options;
  if (guidance < 0 && options.guidance !== undefined) refuse(`guidance: expected 0 to 100, found ${guidance}`);
  const [width, height] = Array.isArray(size) ? size : [size, size];
  return {
    prompt, seed: BigInt(seed), width, height, steps, guidance, negativePrompt, sampler, strength,
    image: image && {data: image.data, width: image.width, height: image.height},
    noise: NOISES.indexOf(noise), initialNoise, rememberText,
    file: asFile ? {type, format: FILE_TYPES.indexOf(type), quality, metadata} : null,
  };
}
