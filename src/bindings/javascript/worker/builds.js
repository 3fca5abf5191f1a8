// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.

// The builds of the WebAssembly module, the best first: for how many threads, and where it is. A build that wants more of
// the browser goes before the one that it betters, with a test of what it wants.
const BUILDS = [
  {fits: (threads) => threads > 1 && threads <= 256, shared: true, load: () => import('../wasm/threads.js')},
  {fits: () => true, shared: false, load: () => import('../wasm/single.js')},
];

const PAGES_AT_FIRST = 512;  // of 64 KiB, as ../wasm/CMakeLists.txt says
const PAGES_AT_MOST = 65536;

/** Memory that may grow as far as the browser allows: one that is shared is reserved at once, and phones refuse much. */
function growingMemory(shared) {
  for (let maximum = PAGES_AT_MOST;; maximum /= 2) {
    try {
      return new WebAssembly.Memory({initial: PAGES_AT_FIRST, maximum, shared});
    } catch (error) {
      if (maximum <= PAGES_AT_FIRST) throw error;
    }
  }
}

/** The module and its memory, with the workers that so many threads want. */
export async function startBuild(threads) {
  const {shared, load} = BUILDS.find(({fits}) => fits(threads));
  const {default: start} = await load();
  const memory = growingMemory(shared);
  return {module: await start({wasmMemory: memory, workers: threads - 1}), memory};
}
