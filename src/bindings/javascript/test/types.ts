// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What must compile against the package's types, and, by "@ts-expect-error", what must not.
import {LiveSession, MobileDiffusionError, Pipeline, Status} from 'mobilediffusion';
import type {GenerateOptions, LivePicture, Picture, Stage} from 'mobilediffusion';

export async function draw(canvas: CanvasRenderingContext2D, signal: AbortSignal): Promise<Uint8Array> {
  const pipeline: Pipeline = await Pipeline.load('model.mdiff', {
    threads: 2,
    precision: 'int8',
    onProgress: ({loaded, total}) => console.log(loaded / (total ?? loaded)),
    onNote: ({level, message}) => console.log(level, message),
    signal,
  });
  const options: GenerateOptions = {
    seed: 5n,
    size: [pipeline.defaultWidth, pipeline.defaultHeight],
    onProgress: ({stage, done, total}: {stage: Stage; done: number; total: number}) => console.log(stage, done, total),
    signal,
  };
  try {
    const picture: Picture = await pipeline.generate('two red boats', options);
    canvas.putImageData(picture, 0, 0);
    await pipeline.generate('two red boats', {image: picture, strength: 0.5});
    const seed: bigint = picture.provenance.seed;
    const seconds: number = picture.seconds.unet + picture.seconds.total;
    console.log(seed, seconds, picture.unknownWords.join());
    return new Uint8Array(await (await pipeline.generateFile('a boat', {type: 'image/jpeg', quality: 90})).arrayBuffer());
  } catch (error) {
    if (error instanceof MobileDiffusionError && error.status === Status.NON_FINITE) console.log(error.message);
    throw error;
  } finally {
    pipeline.dispose();
  }
}

export async function type(input: HTMLInputElement, canvas: CanvasRenderingContext2D): Promise<void> {
  const pipeline: Pipeline = await Pipeline.load('model.mdiff', {
    refusedWords: 'gun',
    promptFilter: (prompt) => prompt.length > 1000 ? 'too long' : undefined,
    async imageFilter(picture: Picture) {
      picture.data.fill(0, 0, 4);
    },
  });
  const session: LiveSession = pipeline.live({seed: 5});
  input.oninput = () => session.submit(input.value, 6n);
  for await (const {prompt, seed, seconds, picture, error} of session) {
    if (picture) canvas.putImageData(picture, 0, 0);
    else console.log(prompt, seed + 1n, seconds.toFixed(1), error instanceof MobileDiffusionError && error.status === Status.REFUSED);
  }
  const last: IteratorResult<LivePicture, undefined> = await session.next();
  console.log(last.done);
}

export async function refused(pipeline: Pipeline): Promise<void> {
  // @ts-expect-error: no such option
  await pipeline.generate('a boat', {sede: 1});
  // @ts-expect-error: no such precision
  await Pipeline.load('model.mdiff', {precision: 'int4'});
  // @ts-expect-error: a file's option
  await pipeline.generate('a boat', {type: 'image/png'});
  // @ts-expect-error: neither a reason nor nothing
  await Pipeline.load('model.mdiff', {promptFilter: () => false});
  // @ts-expect-error: a prompt is asked for
  pipeline.live().submit();
  // @ts-expect-error: it is made by load()
  new Pipeline();
}
