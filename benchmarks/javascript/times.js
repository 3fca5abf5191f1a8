// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.

/** Milliseconds from the page's or program's beginning to the first picture, and of one of `runs` pictures more. */
export async function times(Pipeline, model, options, runs) {
  const pipeline = await Pipeline.load(model, options);
  const pictures = [];
  const warmUps = 2;  // the first of them is the cold start's
  let first;
  for (let run = 0; run < warmUps + runs; ++run) {
    const begun = performance.now();
    await pipeline.generate('two red boats at sunset');
    first ??= performance.now();
    if (run >= warmUps) pictures.push(performance.now() - begun);
  }
  const {threads} = pipeline;
  pipeline.dispose();
  pictures.sort((a, b) => a - b);
  return {threads, first, fastest: pictures[0], median: pictures[runs >> 1]};
}
