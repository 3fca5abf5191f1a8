// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {createServer} from 'node:http';
import {extname, join, normalize} from 'node:path';

import {model} from './model.js';

const TYPES = {'.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm'};
const ISOLATION = {'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp'};

/**
 * Serves the folder, and the model as any "model.mdiff", of whose size it says nothing where the query is "chunked". What a
 * page posts goes to `onReport`. Gives the address, and how to close it.
 */
export async function serve(folder, {isolated = false, onReport} = {}) {
  const server = createServer(async (request, response) => {
    const {pathname, search} = new URL(request.url, 'http://localhost');
    if (request.method === 'POST') {
      let body = '';
      for await (const piece of request) body += piece;
      response.end();
      return onReport(JSON.parse(body));
    }
    const file = pathname.endsWith('/model.mdiff') ? model : join(folder, normalize(pathname));
    const size = await stat(file).then((found) => found.size, () => undefined);
    if (size === undefined) return response.writeHead(404).end();
    response.writeHead(200, {
      ...(isolated ? ISOLATION : {}),
      ...(search === '?chunked' ? {} : {'Content-Length': size}),
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
