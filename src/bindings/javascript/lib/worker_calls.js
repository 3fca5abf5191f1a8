// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from './errors.js';

/** Calls to a worker of ../worker, and what comes back from it. The worker keeps no program alive that waits for nothing. */
export class WorkerCalls {
  #thread;
  #pending = new Map();  // by number: {resolve, reject, onProgress}
  #calls = 0;
  #ended = null;  // why there is no worker any more
  #onNote;
  #cancelled;  // the number of the call that is to stop, where the worker can see it while it draws

  constructor({startWorker, canShareMemory}, onNote) {
    this.#onNote = onNote;
    if (canShareMemory) this.#cancelled = new Int32Array(new SharedArrayBuffer(4));
    this.#thread = startWorker(
        (message) => this.#receive(message),
        (reason) => this.end(new MobileDiffusionError(Status.INTERNAL, `the worker has stopped: ${reason}`)));
  }

  /** Whether a call can be stopped while it runs; else only the worker can. */
  get canCancel() {
    return this.#cancelled !== undefined;
  }

  /** A number, by which it can be cancelled, and a promise of the answer. */
  call(name, parameters, onProgress) {
    const number = ++this.#calls;
    const answer = new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      this.#thread.post({number, name, parameters, cancelled: this.#cancelled});
      this.#pending.set(number, {resolve, reject, onProgress});
      if (this.#pending.size === 1) this.#thread.keepAlive(true);
    });
    return {number, answer};
  }

  cancel(number) {
    Atomics.store(this.#cancelled, 0, number);
  }

  /** All that is pending fails with this error, and so does every call to come. */
  end(error) {
    if (this.#ended) return;
    this.#ended = error;
    this.#thread.terminate();
    for (const {reject} of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #receive({number, progress, note, answer, failure}) {
    if (note) return this.#onNote?.(note);
    const call = this.#pending.get(number);
    if (!call) return;
    if (progress) return call.onProgress?.(progress);
    this.#pending.delete(number);
    if (this.#pending.size === 0) this.#thread.keepAlive(false);
    if (!failure) return call.resolve(answer);
    const error = new MobileDiffusionError(failure.status, failure.message);
    call.reject(error);
    if (failure.isFinal) this.end(error);
  }
}
