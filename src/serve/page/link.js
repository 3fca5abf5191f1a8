// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A picture as an address: its prompt and seed, behind the #, which no server sees.

/** What the address asks for; nothing where it asks for none. */
export function readLink() {
  const parts = new URLSearchParams(location.hash.slice(1));
  if (!parts.has('prompt')) return undefined;
  return {prompt: parts.get('prompt'), seed: parts.get('seed'), size: parts.get('size'), steps: parts.get('steps')};
}

export function linkTo({prompt, seed, size, steps}) {
  const parts = new URLSearchParams({prompt, seed});
  if (size) parts.set('size', size);
  if (steps) parts.set('steps', steps);
  return new URL(`#${parts}`, location.href).href;
}

/** Where the page is not by https nor on this machine there is no clipboard to ask for. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement('textarea'), {value: text, readOnly: true, className: 'unseen'});
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (!done) throw new Error('the browser did not let it be copied');
}

/** A file's name after a prompt, in any script. */
export function fileName(prompt) {
  const words = prompt.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? ['picture'];
  return `${words.join('-').slice(0, 80)}.png`;
}
