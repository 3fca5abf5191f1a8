// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.

/** What kind of thing went wrong, as c.h numbers it. */
export const Status = Object.freeze({
  INVALID_ARGUMENT: 1,  // an option or an argument is out of its range: the caller's to fix
  NOT_FOUND: 2,         // a file is missing
  INVALID_MODEL: 3,     // a model's file is damaged, lies, or does not fit the others
  UNSUPPORTED: 4,       // asks for something that this version or this machine cannot do
  OUT_OF_MEMORY: 5,
  IO_ERROR: 6,     // reading failed: permissions, a network
  CANCELLED: 7,    // cancel() or dispose() was called; who aborts a signal gets the signal's reason
  NON_FINITE: 8,   // a NaN or an infinity came up; the message names the stage
  INTERNAL: 9,     // a defect of the library: please report it
  INVALID_STATE: 10,  // what was called is disposed
  REFUSED: 11,  // by a filter of the pipeline's; the message is its reason
});

/** Why something could not be done: the message names the thing, what was expected and what was found. */
export class MobileDiffusionError extends Error {
  constructor(status, message) {
    super(message);
    this.name = 'MobileDiffusionError';
    this.status = status;
  }
}
