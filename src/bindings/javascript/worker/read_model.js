// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from '../lib/errors.js';

/** What a stream yields, into the library's memory: where it lies, and how long it is. */
async function readStream(library, stream, expected, onProgress) {
  let capacity = expected ?? 1 << 20, loaded = 0;
  let pointer = library.allocate(capacity);
  const reader = stream.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const needed = loaded + piece.value.length;
    if (needed > capacity) {
      capacity = Math.max(needed, 2 * capacity);
      const wider = library.allocate(capacity);
      library.bytes(wider, loaded).set(library.bytes(pointer, loaded));
      library.free(pointer);
      pointer = wider;
    }
    library.bytes(pointer + loaded, piece.value.length).set(piece.value);
    loaded = needed;
    onProgress({loaded, total: expected});
  }
  return {pointer, bytes: loaded};
}

function fails(status, message) {
  throw new MobileDiffusionError(status, message);
}

async function readURL(library, url, onProgress) {
  const response = await fetch(url).catch((error) => fails(Status.IO_ERROR, `${url} cannot be fetched: ${error.message}`));
  if (!response.ok) {
    const missing = response.status === 404 || response.status === 410;
    fails(missing ? Status.NOT_FOUND : Status.IO_ERROR, `${url}: expected a model, found HTTP status ${response.status}`);
  }
  // What a server has compressed it counts compressed.
  const length = response.headers.get('Content-Encoding') ? NaN : parseInt(response.headers.get('Content-Length'), 10);
  const expected = length >= 0 ? length : undefined;
  return readStream(library, response.body, expected, onProgress).catch((error) => {
    if (error instanceof MobileDiffusionError) throw error;
    fails(Status.IO_ERROR, `${url}: the connection has ended: ${error.message}`);
  });
}

/** The model's bytes in the library's memory. `readPath` reads a file, where there are any. */
export function readModel(library, {url, path, blob}, readPath, onProgress) {
  if (url) return readURL(library, url, onProgress);
  if (path) return readPath(library, path, onProgress);
  return readStream(library, blob.stream(), blob.size, onProgress);
}
