// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The engine behind `mobilediffusion serve`. engine_wasm.js has the same face:
//
//   const {facts, draw, fileOf} = await openEngine({onNote});
//   facts                                     what the model and the machine are: GET /v1/info
//   await draw(request, {signal, onProgress}) a picture: {url, width, height, seconds, unknown_words, seed, ...}
//   await fileOf(picture)                     its PNG as a Blob
//
// An error has a `kind`: 'away' (nobody answers), 'token' (a missing or a wrong one), 'busy' (try again), 'wrong' (any
// other); who aborts gets an AbortError.

const TOKEN = 'mobilediffusion-token';

class EngineError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** The token that the address brought, or that an earlier one did. */
function token() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.has('token')) {
    localStorage.setItem(TOKEN, given.get('token'));
    given.delete('token');
    history.replaceState(null, '', `#${given}`);
  }
  return localStorage.getItem(TOKEN);
}

async function ask(path, options = {}) {
  const key = token();
  const headers = {...options.headers, ...(key ? {Authorization: `Bearer ${key}`} : {})};
  const response = await fetch(path, {...options, headers, cache: 'no-store'}).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw new EngineError('away', 'The program has ended. Start it again: mobilediffusion serve');
  });
  if (response.ok) return response;
  const message = await response.json().then(({error}) => error.message, () => response.statusText);
  const kind = {401: 'token', 503: 'busy'}[response.status] ?? 'wrong';
  throw new EngineError(kind, kind === 'token' ? 'Open the whole address that the program printed, with its token.' : message);
}

/** The events of a stream: {name, data}. */
async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const {done, value} = await reader.read();
      if (done) return;
      const parts = (text + value).split('\n\n');
      text = parts.pop();
      for (const part of parts) {
        const [, name, data] = part.match(/^event: (.*)\ndata: (.*)$/s);
        yield {name, data: JSON.parse(data)};
      }
    }
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new EngineError('away', 'The program has ended before the picture was there.');
  } finally {
    reader.cancel().catch(() => {});
  }
}

function blobOf(base64, type) {
  return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], {type});
}

/** The seed is written by itself: a number of JavaScript's has not all of its digits. */
function bodyOf({prompt, seed, width, height, steps, image, strength}) {
  const rest = {prompt, width, height, steps, format: 'events', ...(image ? {image: image.png, strength} : {})};
  return `{"seed": ${BigInt(seed)}, ${JSON.stringify(rest).slice(1)}`;
}

async function draw(request, {signal, onProgress}) {
  const response = await ask('v1/generate', {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: bodyOf(request),
    signal,
  });
  for await (const {name, data} of eventsOf(response.body)) {
    if (name === 'progress') onProgress(data);
    if (name === 'error') throw new EngineError(data.error.code === 'server_ends' ? 'away' : 'wrong', data.error.message);
    if (name === 'picture') {
      const blob = blobOf(data.image, 'image/png');
      return {...data, image: undefined, blob, url: URL.createObjectURL(blob)};
    }
  }
  throw new EngineError('away', 'The program has ended before the picture was there.');
}

export async function openEngine() {
  const facts = await (await ask('v1/info')).json();
  return {facts, draw, fileOf: async ({blob}) => blob};
}
