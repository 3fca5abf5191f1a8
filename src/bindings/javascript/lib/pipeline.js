// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from './errors.js';
import {LiveSession} from './live.js';
import {drawingOf, loadingOf, refuse, shown} from './options.js';
import {Picture} from './picture.js';
import {WorkerCalls} from './worker_calls.js';

const MOST_THREADS = 8;  // of those that nobody asked for

/** How many threads there will be, and a note where those are others than asked for. The library refuses what cannot be. */
function threadsFor(asked, {cores, canShareMemory}) {
  if (canShareMemory) return {threads: asked === 0 ? Math.min(cores, MOST_THREADS) : asked};
  if (asked <= 1) return {threads: asked === 0 ? 1 : asked};
  const message = `threads: one in place of ${asked}, since the page is not cross-origin isolated`;
  return {threads: 1, note: {level: 'warning', message}};
}

/** Where the model is, as a worker can be told. */
function sourceOf(model, locate) {
  if (model instanceof Blob) return {blob: model};
  if (model instanceof ArrayBuffer || ArrayBuffer.isView(model)) return {blob: new Blob([model])};
  try {
    if (typeof model === 'string' || model instanceof URL) return locate(model);
  } catch {
    // it is no URL
  }
  throw new MobileDiffusionError(
      Status.INVALID_ARGUMENT, `model: expected a URL, an ArrayBuffer, an array of bytes or a Blob, found ${model}`);
}

/** Calls `stop` with the signal's reason when it is aborted; returns how to listen no longer. */
function whenAborted(signal, stop) {
  const listener = () => stop(signal.reason);
  signal?.addEventListener('abort', listener);
  return () => signal?.removeEventListener('abort', listener);
}

/** Throws where a filter answered with a reason. One that answers with anything else but nothing lets nothing pass. */
function heed(name, reason) {
  if (reason === undefined || reason === null) return;
  if (typeof reason !== 'string') refuse(`${name}: expected a reason or nothing, found ${shown(reason)}`);
  throw new MobileDiffusionError(Status.REFUSED, reason || `refused by ${name}`);
}

/** A picture that was asked for: who asked is told of its end at once, though the worker may need a moment to leave it. */
class Drawing {
  isStopped = false;
  interrupt = () => {};  // where it is being drawn

  constructor() {
    this.stopped = new Promise((_, reject) => {
      this.stop = (reason) => {
        if (this.isStopped) return;
        this.isStopped = true;
        reject(reason);
        this.interrupt();
      };
    });
    this.stopped.catch(() => {});  // nobody may be listening any more
  }
}

/** A loaded model in a worker of its own, which draws one picture at a time. ../index.d.ts says what each part does. */
export class Pipeline {
  #startCalls;  // to a worker that has just begun
  #calls;
  #loading;  // what a worker that takes another's place loads
  #facts;
  #filters;
  #drawings = new Set();
  #running = null;  // one of them
  #lastTurn = Promise.resolve();
  #disposed = false;

  static async loadOn(platform, model, options = {}) {
    const loading = loadingOf(options);
    const {onProgress, onNote, signal} = options;
    const source = sourceOf(model, platform.locate);
    signal?.throwIfAborted();
    const {threads, note} = threadsFor(loading.threads, platform);
    if (note) onNote?.(note);
    const pipeline = new Pipeline();
    pipeline.#startCalls = () => new WorkerCalls(platform, onNote);
    pipeline.#loading = {source, options: {...loading, threads}};
    pipeline.#filters = {promptFilter: options.promptFilter, imageFilter: options.imageFilter};
    await pipeline.#load(onProgress, signal);
    return pipeline;
  }

  get defaultWidth() {
    return this.#facts.defaultWidth;
  }

  get defaultHeight() {
    return this.#facts.defaultHeight;
  }

  get sizeMultiple() {
    return this.#facts.sizeMultiple;
  }

  get modelName() {
    return this.#facts.modelName;
  }

  get loadSeconds() {
    return this.#facts.loadSeconds;
  }

  get version() {
    return this.#facts.version;
  }

  get threads() {
    return this.#loading.options.threads;
  }

  async generate(prompt, options = {}) {
    return this.#draw(drawingOf(prompt, options, false), options);
  }

  async generateFile(prompt, options = {}) {
    const request = drawingOf(prompt, options, true);
    const {content} = await this.#draw(request, options);
    return new Blob([content], {type: request.file.type});
  }

  live(options = {}) {
    const {seed} = drawingOf('', options, false);
    const session = new LiveSession({
      seed,
      draw: (prompt, seed, signal) => this.generate(prompt, {...options, seed, signal, rememberText: true}),
      canInterrupt: () => this.#calls.canCancel,
    });
    options.signal?.throwIfAborted();
    whenAborted(options.signal, () => session.close());
    return session;
  }

  cancel() {
    this.#running?.stop(new MobileDiffusionError(Status.CANCELLED, 'the picture was cancelled'));
  }

  async trim() {
    await this.#takeTurn(() => this.#calls.call('trim').answer);
  }

  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    const error = new MobileDiffusionError(Status.INVALID_STATE, 'the pipeline is disposed');
    this.#running?.stop(new MobileDiffusionError(Status.CANCELLED, `the picture was cancelled: ${error.message}`));
    for (const drawing of this.#drawings) drawing.stop(error);
    this.#calls.end(error);
  }

  async #load(onProgress, signal) {
    const calls = this.#calls = this.#startCalls();
    const listenNoLonger = whenAborted(signal, (reason) => calls.end(reason));
    try {
      const returnsModel = !calls.canCancel && !this.#loading.source.blob;
      const {model, ...facts} = await calls.call('load', {...this.#loading, returnsModel}, onProgress).answer;
      if (model) this.#loading.source = {blob: model};
      this.#facts = facts;
    } catch (error) {
      calls.end(error);
      throw error;
    } finally {
      listenNoLonger();
    }
  }

  async #draw(request, {signal, onProgress}) {
    signal?.throwIfAborted();
    const drawing = new Drawing();
    const listenNoLonger = whenAborted(signal, drawing.stop);
    this.#drawings.add(drawing);
    try {
      const drawn = this.#takeTurn(() => drawing.isStopped ? undefined : this.#pass(drawing, request, onProgress));
      return await Promise.race([drawing.stopped, drawn]);
    } finally {
      this.#drawings.delete(drawing);
      listenNoLonger();
    }
  }

  /** Runs the task when all that came before is done. */
  #takeTurn(task) {
    const turn = this.#lastTurn.then(task);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }

  /** A picture, or a file's content, as the filters let it pass. Where it is stopped meanwhile, nothing. */
  async #pass(drawing, request, onProgress) {
    const {promptFilter, imageFilter} = this.#filters;
    this.#running = drawing;
    try {
      if (promptFilter) heed('promptFilter', await promptFilter(request.prompt));
      if (drawing.isStopped) return undefined;
      // A file is made of what the filter leaves.
      const {file} = request, asked = imageFilter && file ? {...request, file: null, isKept: true} : request;
      const drawn = await this.#run(drawing, 'generate', asked, onProgress);
      if (asked.file) return drawn;
      const picture = new Picture(drawn);
      if (imageFilter) heed('imageFilter', await imageFilter(picture));
      if (drawing.isStopped) return undefined;
      return file ? await this.#run(drawing, 'encode', {pixels: picture.data, file}) : picture;
    } finally {
      this.#running = null;
    }
  }

  async #run(drawing, name, request, onProgress) {
    const tell = (progress) => {
      if (drawing.isStopped) return;
      try {
        onProgress?.(progress);
      } catch (error) {
        drawing.stop(error);
      }
    };
    const calls = this.#calls;
    const {number, answer} = calls.call(name, request, tell);
    drawing.interrupt = () => {
      if (this.#disposed) return;
      if (calls.canCancel) calls.cancel(number);
      else calls.end(new Error('interrupted'));
    };
    try {
      return await answer;
    } catch (error) {
      // Where a worker cannot be reached while it draws it has ended with the picture.
      if (drawing.isStopped && !calls.canCancel && !this.#disposed) await this.#load();
      throw error;
    } finally {
      drawing.interrupt = () => {};
    }
  }
}
