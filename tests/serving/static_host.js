// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import {extname, join, normalize} from 'node:path';

const TYPES = {
  '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm', '.webmanifest': 'application/manifest+json',
};

/** A host that knows nothing of headers, with the folder below a path; `asked` is what was asked for. */
export async function hostFiles(folder, path = '/pictures/') {
  const asked = [];
  const server = createServer(async ({url}, response) => {
    const {pathname} = new URL(url, 'http://localhost');
    asked.push(pathname);
    const name = normalize(pathname.slice(path.length) || 'index.html');
    const content = pathname.startsWith(path) && await readFile(join(folder, name)).catch(() => undefined);
    if (!content) return response.writeHead(404).end();
    response.writeHead(200, {'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream'}).end(content);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `http://127.0.0.1:${server.address().port}${path}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
