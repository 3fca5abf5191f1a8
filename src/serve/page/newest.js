// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The newest request wins: what is drawn for an older one is stopped, and its picture is never seen. As the library's
// live.h has it.

const PATIENCE = 1000;  // milliseconds until one who was told to come again does

const pause = (milliseconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    reject(signal.reason);
  }, {once: true});
});

export class Newest {
  #engine;
  #on;
  #last = null;  // what was asked for last
  #stop = new AbortController();

  /** `on` has picture(picture, request), error(error), progress(progress) and begin(). */
  constructor(engine, on) {
    this.#engine = engine;
    this.#on = on;
  }

  /** Asks for a picture, unless it was asked for last. */
  async ask(request) {
    const key = JSON.stringify({...request, image: request.image?.name});
    if (key === this.#last) return;
    this.#last = key;
    this.#stop.abort();
    this.#stop = new AbortController();
    const {signal} = this.#stop;
    this.#on.begin();
    try {
      const picture = await this.#draw(request, signal);
      if (!signal.aborted) this.#on.picture(picture, request);
    } catch (error) {
      if (signal.aborted) return;
      this.#last = null;  // the same may be asked for again
      this.#on.error(error);
    }
  }

  /** Stops what is drawn; the next request is drawn whatever it is. */
  stop() {
    this.#stop.abort();
    this.#last = null;
  }

  async #draw(request, signal) {
    for (;;) {
      try {
        return await this.#engine.draw(request, {
          signal,
          onProgress: (progress) => signal.aborted || this.#on.progress(progress),
        });
      } catch (error) {
        if (error.kind !== 'busy') throw error;
      }
      await pause(PATIENCE, signal);
    }
  }
}
