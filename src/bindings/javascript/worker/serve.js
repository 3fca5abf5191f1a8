// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from '../lib/errors.js';
import {startBuild} from './builds.js';
import {Library} from './library.js';
import {readModel} from './read_model.js';

/** Answers the calls of ../lib/worker_calls.js, one after another. */
export function serve({post, onMessage, readPath}) {
  let library, pipeline;

  const calls = {
    async load({source, options, returnsModel}, {progress}) {
      library = new Library(await startBuild(options.threads), (note) => post({note}));
      const {pointer, bytes} = await readModel(library, source, readPath, progress);
      const loaded = library.load(pointer, bytes, options);
      pipeline = loaded.pipeline;
      return {...loaded.facts, model: returnsModel ? new Blob([library.bytes(pointer, bytes)]) : undefined};
    },

    generate(request, {progress, cancelled}) {
      return library.generate(pipeline, request, (state) => {
        progress(state);
        return !cancelled();
      });
    },

    encode: ({pixels, file}) => library.encode(pixels, file),

    trim: () => library.trim(pipeline),
  };

  onMessage(async ({number, name, parameters, cancelled}) => {
    const context = {
      progress: (progress) => post({number, progress}),
      cancelled: () => cancelled !== undefined && Atomics.load(cancelled, 0) === number,
    };
    try {
      const answer = await calls[name](parameters, context);
      post({number, answer}, [answer?.pixels ?? answer?.content].filter(Boolean));
    } catch (error) {
      // Whatever is not the library's own answer has left its memory in an unknown state.
      const known = error instanceof MobileDiffusionError;
      const {status, message} = known ? error : {status: Status.INTERNAL, message: `WebAssembly has stopped: ${error}`};
      post({number, failure: {status, message, isFinal: !known}});
    }
  });
}
