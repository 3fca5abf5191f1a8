// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Keeps the page's files, so that it loads without a network, and answers with the headers that threads want.
importScripts('files.js');  // FILES, VERSION

const KEPT = `page-${VERSION}`;
const MODELS = 'models';  // of addresses whose content never changes
const FACTS = 'facts';    // model.json, which names them

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

addEventListener('install', (event) => {
  skipWaiting();
  const fresh = ['./', ...FILES].map((name) => new Request(name, {cache: 'no-cache'}));
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(fresh)));
});

addEventListener('activate', (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith('page-') && name !== KEPT) await caches.delete(name);
  }
  await clients.claim();
})()));

const isCall = (url) => url.pathname.startsWith(new URL('v1/', registration.scope).pathname);
const isFacts = (url) => url.pathname.endsWith('/model.json');
const isModel = (url) => url.pathname.endsWith('.mdiff');

function isolated(response) {
  if (response.type === 'opaque' || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  return new Response(response.body, {status: response.status, statusText: response.statusText, headers});
}

/** A model by its address, which names its content: an earlier one is of no use any more. */
async function keepModel(request, response) {
  const cache = await caches.open(MODELS);
  for (const old of await cache.keys()) await cache.delete(old);
  await cache.put(request, response).catch(() => {});  // where there is no room it is fetched again
}

/** What may change from visit to visit: as it is now, without a network as it was. */
async function latest(request) {
  const cache = await caches.open(FACTS);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    return await cache.match(request) ?? Promise.reject(error);
  }
}

async function answer(event, url) {
  const {request} = event;
  if (isFacts(url)) return isolated(await latest(request));
  const kept = await caches.match(request, {ignoreSearch: !isModel(url)});
  if (kept) return isolated(kept);
  const response = await fetch(request);
  if (isModel(url) && response.ok) event.waitUntil(keepModel(request, response.clone()));
  return isolated(response);
}

addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin || isCall(url)) return;
  event.respondWith(answer(event, url));
});
