// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from './errors.js';
import {drawingOf, loadingOf} from './options.js';
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
    return new Picture(await this.#draw(drawingOf(prompt, options, false), options));
  }

  async generateFile(prompt, options = {}) {
    const request = drawingOf(prompt, options, true);
    const {content} = await this.#draw(request, options);
    return new Blob([content], {type: request.file.type});
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
      const drawn = this.#takeTurn(() => drawing.isStopped ? undefined : this.#run(drawing, request, onProgress));
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

  async #run(drawing, request, onProgress) {
    const tell = (progress) => {
      if (drawing.isStopped) return;
      try {
        onProgress?.(progress);
      } catch (error) {
        drawing.stop(error);
      }
    };
    const calls = this.#calls;
    const {number, answer} = calls.call('generate', request, tell);
    this.#running = drawing;
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
      this.#running = null;
    }
  }
}
