// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {open} from 'node:fs/promises';
import {parentPort} from 'node:worker_threads';

import {MobileDiffusionError, Status} from '../lib/errors.js';
import {serve} from './serve.js';

const PIECE = 16 << 20;  // bytes

async function readPath(library, path, onProgress) {
  let file;
  try {
    file = await open(path);
    const {size} = await file.stat();
    const pointer = library.allocate(size);
    for (let loaded = 0; loaded < size;) {
      const {bytesRead} = await file.read(library.bytes(pointer + loaded, Math.min(PIECE, size - loaded)));
      if (bytesRead === 0) throw new Error(`it has ended at byte ${loaded} of ${size}`);
      loaded += bytesRead;
      onProgress({loaded, total: size});
    }
    return {pointer, bytes: size};
  } catch (error) {
    if (error instanceof MobileDiffusionError) throw error;
    throw error.code === 'ENOENT' ?
        new MobileDiffusionError(Status.NOT_FOUND, `${path}: no such file`) :
        new MobileDiffusionError(Status.IO_ERROR, `${path} cannot be read: ${error.message}`);
  } finally {
    await file?.close();
  }
}

serve({
  post: (message, transferred) => parentPort.postMessage(message, transferred),
  onMessage: (handle) => parentPort.on('message', handle),
  readPath,
});
