// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What is said of a prompt below it: words that the model was never taught, and what may have been meant.

const NAMED = 3;  // of the words that are unknown

function suggestion(word, other, onReplace) {
  const button = Object.assign(document.createElement('button'), {type: 'button', textContent: other});
  button.setAttribute('aria-label', `${other} in place of ${word}`);
  button.onclick = () => onReplace(word, other);
  return button;
}

function lineOn(word, words, onReplace) {
  const line = document.createElement('p');
  line.append(`This model was never taught “${word}”.`);
  const others = words.suggestionsFor(word);
  if (others.length > 0) line.append(' Try', ...others.map((other) => suggestion(word, other, onReplace)));
  return line;
}

/** What there is, for who asked for something else. */
function lineOnAll(words, onAll) {
  const line = document.createElement('p'), all = Object.assign(document.createElement('button'), {type: 'button', textContent: 'and more'});
  all.onclick = onAll;
  line.append(`It knows ${words.examples.join(', ')}`, all);
  return line;
}

/** Shows it, and returns it as text; `on` has replace(word, other) and all(). */
export function showHint(box, {unknown, truncated}, words, on) {
  const lines = unknown.slice(0, NAMED).map((word) => lineOn(word, words, on.replace));
  if (lines.length > 0 && words.any) lines.push(lineOnAll(words, on.all));
  if (truncated) lines.push(Object.assign(document.createElement('p'), {textContent: 'The end of this prompt is not read: it is too long.'}));
  box.replaceChildren(...lines);
  box.hidden = lines.length === 0;
  return lines.map((line) => line.firstChild.textContent).join(' ');
}
