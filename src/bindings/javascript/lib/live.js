// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from './errors.js';
import {checkPrompt} from './options.js';

const OVERTAKEN = Symbol('overtaken');

/** Pictures that follow a prompt, for whoever iterates over them. ../index.d.ts says what each part does. */
export class LiveSession {
  #seed;
  #draw;
  #canInterrupt;
  #newest = null;  // of all that were submitted; null where it failed
  #waiting = null;
  #stop = () => {};  // what is drawn
  #isWorking = false;
  #ready = null;  // what nobody has taken: {value, taken}
  #takers = [];
  #isClosed = false;

  /** `draw(prompt, seed, signal)` promises a picture; the signal is aborted only where `canInterrupt()`. */
  constructor({seed, draw, canInterrupt}) {
    this.#seed = seed;
    this.#draw = draw;
    this.#canInterrupt = canInterrupt;
  }

  submit(prompt, seed = this.#seed) {
    checkPrompt(prompt, seed);
    if (this.#isClosed) throw new MobileDiffusionError(Status.INVALID_STATE, 'the live session is closed');
    const request = {prompt, seed: BigInt(seed), since: performance.now()};
    if (this.#newest?.prompt === request.prompt && this.#newest.seed === request.seed) return;
    this.#newest = this.#waiting = request;
    if (this.#canInterrupt()) this.#stop(OVERTAKEN);
    this.#work();
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = null;
    if (this.#canInterrupt()) this.#stop(OVERTAKEN);
    this.#ready?.taken();
    this.#ready = null;
    this.#handOver();
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#handOver();
    });
  }

  async return() {
    this.close();
    return {value: undefined, done: true};
  }

  async #work() {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.#waiting) {
      const request = this.#waiting;
      this.#waiting = null;
      const {prompt, seed, since} = request;
      const result = await this.#drawn(request);
      if (result.error !== undefined && this.#newest === request) this.#newest = null;
      if (this.#isClosed || result.error === OVERTAKEN) continue;
      await this.#deliver({prompt, seed, seconds: (performance.now() - since) / 1000, ...result});
    }
    this.#isWorking = false;
  }

  async #drawn({prompt, seed}) {
    const aborter = new AbortController();
    this.#stop = (reason) => aborter.abort(reason);
    try {
      return {picture: await this.#draw(prompt, seed, aborter.signal)};
    } catch (error) {
      return {error};
    } finally {
      this.#stop = () => {};
    }
  }

  #deliver(value) {
    return new Promise((taken) => {
      this.#ready = {value, taken};
      this.#handOver();
    });
  }

  #handOver() {
    if (this.#ready && this.#takers.length > 0) {
      const {value, taken} = this.#ready;
      this.#ready = null;
      this.#takers.shift()({value, done: false});
      taken();
    }
    if (this.#isClosed) this.#takers.splice(0).forEach((resolve) => resolve({value: undefined, done: true}));
  }
}
