// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What tests ask of values, in node and in browsers alike.

export function check(holds, message) {
  if (!holds) throw new Error(message);
}

export function equal(found, expected, what = 'it') {
  check(found === expected, `${what}: expected ${expected}, found ${found}`);
}

/** Whether two pictures have the same pixels. */
export function samePicture({data: found}, {data: expected}) {
  return found.length === expected.length && found.every((value, i) => value === expected[i]);
}

/** What a promise was rejected with. */
export async function rejection(promise, what) {
  const error = await promise.then(() => null, (reason) => reason);
  check(error !== null, `${what}: expected a rejection`);
  return error;
}

/** That it was rejected with this status, and a message that says so. */
export async function refused(status, saying, promise) {
  const error = await rejection(promise, saying);
  equal(error.name, 'MobileDiffusionError', `the name of ${error.stack}`);
  equal(error.status, status, error.message);
  check(error.message.includes(saying), `expected a message that says "${saying}", found "${error.message}"`);
}
