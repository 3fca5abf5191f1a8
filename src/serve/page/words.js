// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a small model was taught, and what was meant by a word that it was not.

const MOST_SUGGESTIONS = 3;
const EXAMPLES = 6;

/** How many letters must be changed, added, left out or exchanged with the next to make one word of the other. */
function distance(a, b) {
  let before = [], last = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const row = [i];
    for (let j = 1; j <= b.length; ++j) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}

export class Words {
  /** Lists by group; none: the model may know any word. */
  constructor(groups = {}) {
    this.groups = groups;
    this.all = [...new Set(Object.values(groups).flat())];
    this.single = this.all.filter((word) => !/\s/.test(word) && word.length > 2);
  }

  get any() {
    return this.all.length > 0;
  }

  /** Whether more letters could make it a word that is known. */
  isBegun(word) {
    return this.all.some((known) => known.split(/[\s-]+/).some((part) => part.startsWith(word)));
  }

  /** Some of its first group, which are what there can be a picture of; no plurals. */
  get examples() {
    const first = Object.values(this.groups)[0] ?? [];
    const one = first.filter((word) => !/[\s-]/.test(word) && !word.endsWith('s'));
    return Array.from({length: Math.min(EXAMPLES, one.length)}, (_, i) => one[Math.floor(i * one.length / EXAMPLES)]);
  }

  /** The nearest words first. */
  suggestionsFor(word) {
    const far = word.length > 6 ? 3 : word.length > 3 ? 2 : 1;
    return this.single.map((known) => ({known, off: known.startsWith(word) && word.length > 2 ? 1 : distance(word, known)}))
        .filter(({off}) => off > 0 && off <= far)
        .sort((a, b) => a.off - b.off || a.known.length - b.known.length)
        .slice(0, MOST_SUGGESTIONS)
        .map(({known}) => known);
  }
}

/** The prompt with another word in a word's place, as often as it is there. */
export function replaceWord(prompt, word, other) {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return prompt.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'giu'), other);
}
