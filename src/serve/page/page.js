// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The page: what is typed becomes a request, and what comes back is shown.
import {pictureToBeginWith, takePictures} from './begin_with.js';
import {openEngine} from './engine.js';
import {showHint} from './hint.js';
import {copy, fileName, linkTo, readLink} from './link.js';
import {Newest} from './newest.js';
import {controlled} from './offline.js';
import {Strip} from './strip.js';
import {fractionOf, inWords, showTiming} from './timing.js';
import {replaceWord, Words} from './words.js';

const IDEAS_OF_FEW_WORDS = ['two red boats at sunset', 'a yellow car', 'a lighthouse at night', 'three blue balloons', 'a white house in the snow', 'a pink flower'];
const IDEAS = ['a castle in the snow', 'a bowl of oranges, oil painting', 'a lighthouse at dawn', 'a fox in a birch wood'];
const SETTLED = 1200;  // milliseconds without a key, after which a picture is kept and spoken of
const RETURN = 1500;   // milliseconds between two looks for a program that has ended
const SLOW = .3;       // seconds a picture, above which the typist is waited for
const PAUSE = 250;     // milliseconds of that waiting

const at = Object.fromEntries([...document.querySelectorAll('[id]')].map((element) => [element.id, element]));
const strip = new Strip(at.earlier, at.strip, goBack);

let engine, newest, words = new Words();
let shown = null;       // {picture, request}
let given = null;       // the picture to begin with
let settling, pausing;  // timers
let lastSeconds = 0;

function say(state, text) {
  at.state.dataset.state = state;
  at.state.textContent = text;
}

function sizeOf(text) {
  const [width, height] = (text || `${engine.facts.width}x${engine.facts.height}`).split('x').map(Number);
  return {width, height};
}

/** What the page asks for now. */
function request() {
  return {
    prompt: at.prompt.value.trim(),
    seed: /^\d{1,19}$/.test(at.seed.value) ? String(BigInt(at.seed.value)) : '0',
    ...sizeOf(at.size.value),
    ...(at.steps_field.hidden || !at.steps.checkValidity() || !at.steps.value ? {} : {steps: Number(at.steps.value)}),
    ...(given ? {image: given, strength: Number(at.strength.value)} : {}),
  };
}

/** Asks for the picture of what is there; after a key of a slow model's typist, when no other follows. */
function follow({typing = false} = {}) {
  clearTimeout(settling);
  clearTimeout(pausing);
  if (!engine) return;
  const wait = typing && lastSeconds > SLOW ? PAUSE : 0;
  if (wait) pausing = setTimeout(() => newest.ask(request()), wait);
  else newest.ask(request());
}

function show(picture, asked) {
  const before = shown?.picture;
  shown = {picture, request: asked};
  for (const image of [at.picture, at.glow]) {
    image.src = picture.url;
    image.hidden = false;
  }
  at.picture.alt = asked.prompt || 'A picture without a prompt';
  at.blank.hidden = at.progress.hidden = true;
  at.download.disabled = at.link.disabled = false;
  showTiming(at.bar, at.seconds, picture.seconds);
  strip.mark(picture);
  if (before && before !== picture && !strip.has(before)) URL.revokeObjectURL(before.url);
}

/** What is said of a picture that is still there when nobody types any more. */
function settle() {
  const {picture, request: asked} = shown;
  strip.add(picture, asked);
  const hint = hintOn(picture);
  at.live.textContent = `Picture of ${asked.prompt || 'nothing'}, drawn in ${inWords(picture.seconds.total)}. ${hint}`;
}

/** While somebody types, a word that may become a known one is not spoken of. */
function hintOn(picture, {typing = false} = {}) {
  const unknown = picture.unknown_words.filter((word) => !(typing && words.isBegun(word)));
  return showHint(at.hint, {unknown, truncated: picture.prompt_truncated}, words, {
    replace(word, other) {
      at.prompt.value = replaceWord(at.prompt.value, word, other);
      at.prompt.focus();
      follow();
    },
    all() {
      at.words.open = true;
      at.words.querySelector('summary').focus();
      at.words.scrollIntoView({block: 'nearest'});
    },
  });
}

const events = {
  begin() {
    at.progress.value = 0;
    at.progress.hidden = false;
    say('drawing', 'Drawing');
  },
  progress(progress) {
    at.progress.value = fractionOf(progress);
  },
  picture(picture, asked) {
    lastSeconds = picture.seconds.total;
    say('ready', 'Ready');
    show(picture, asked);
    hintOn(picture, {typing: true});
    settling = setTimeout(settle, SETTLED);
  },
  error(error) {
    at.progress.hidden = true;
    complain(error);
    if (error.kind === 'away') setTimeout(begin, RETURN);
  },
};

function complain(error) {
  say(error.kind === 'away' ? 'away' : 'wrong', error.message);
  at.live.textContent = error.message;
}

function goBack(picture, asked) {
  clearTimeout(settling);
  newest?.stop();
  at.prompt.value = asked.prompt;
  at.seed.value = asked.seed;
  if (!at.size_field.hidden) at.size.value = `${asked.width}x${asked.height}`;
  if (asked.steps) at.steps.value = asked.steps;
  if (asked.strength !== undefined) at.strength.value = asked.strength;
  beginWith(asked.image ?? null);
  show(picture, asked);
  say('ready', 'Ready');
  hintOn(picture);
  at.live.textContent = `Back to ${asked.prompt}, seed ${asked.seed}.`;
}

function rollDice() {
  at.seed.value = crypto.getRandomValues(new Uint32Array(1))[0];
  if (shown) strip.add(shown.picture, shown.request);
  follow();
}

function beginWith(picture) {
  given = picture;
  at.given.hidden = !given;
  at.choose.hidden = Boolean(given);
  if (given) at.given_picture.src = given.url;
  at.strength_value.textContent = `${Math.round(at.strength.value * 100)}%`;
}

async function takeFile(file) {
  if (!engine?.facts.encoder) return complain(new Error('This model cannot begin with a picture.'));
  const {width, height} = sizeOf(at.size.value);
  try {
    beginWith(await pictureToBeginWith(file, width, height));
    follow();
  } catch {
    complain(new Error(`${file.name || 'This'} is no picture that this browser can read.`));
  }
}

async function takeSize() {
  if (given) {
    const {width, height} = sizeOf(at.size.value);
    beginWith(await pictureToBeginWith(given.file, width, height));
  }
  follow();
}

async function download() {
  const {picture, request: asked} = shown;
  try {
    const url = URL.createObjectURL(await engine.fileOf(picture));
    Object.assign(document.createElement('a'), {href: url, download: fileName(asked.prompt)}).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    complain(error);
  }
}

async function copyLink() {
  const {prompt, seed, width, height, steps} = shown.request;
  const size = at.size_field.hidden ? '' : `${width}x${height}`;
  try {
    await copy(linkTo({prompt, seed, size, steps}));
    at.link.textContent = at.live.textContent = 'Link copied';
  } catch (error) {
    complain(error);
  }
  setTimeout(() => at.link.textContent = 'Copy link', 2000);
}

function option(text) {
  return Object.assign(document.createElement('option'), {value: text, textContent: text.replace('x', ' × ')});
}

function showWords() {
  at.words.hidden = !words.any;
  at.word_list.replaceChildren(...Object.entries(words.groups).flatMap(([group, list]) => [
    Object.assign(document.createElement('dt'), {textContent: group.replaceAll('_', ' ')}),
    Object.assign(document.createElement('dd'), {textContent: list.join(', ')}),
  ]));
}

function ideas() {
  const known = new Set(words.all.flatMap((word) => word.split(/[\s-]+/)));
  const fits = IDEAS_OF_FEW_WORDS.filter((idea) => idea.split(' ').every((word) => known.has(word)));
  return words.any ? fits : IDEAS;
}

/** What the model has, and what it lacks. */
function showFacts({sizes, steps, encoder, device, limits, model}) {
  at.size.replaceChildren(...sizes.map(([width, height]) => option(`${width}x${height}`)));
  at.size_field.hidden = sizes.length < 2;
  if (!at.size_field.hidden) at.size.value = `${engine.facts.width}x${engine.facts.height}`;
  at.steps_field.hidden = steps < 2;
  at.steps.max = limits?.steps ?? 100;
  at.steps.value ||= steps;
  at.begin.hidden = !encoder;
  at.device.textContent = `${model} on ${device}`;
  showWords();
  at.ideas.replaceChildren(...ideas().map((idea) => {
    const button = Object.assign(document.createElement('button'), {type: 'button', textContent: idea});
    button.onclick = () => {
      at.prompt.value = idea;
      follow();
    };
    return button;
  }));
}

function takeLink() {
  const link = readLink();
  if (!link) return false;
  at.prompt.value = link.prompt;
  if (link.seed) at.seed.value = link.seed;
  if (link.size) at.size.value = link.size;
  if (link.steps) at.steps.value = link.steps;
  return true;
}

/** Begins, and begins again when a program that had ended is back. */
async function begin() {
  const first = !engine;
  try {
    const opened = await openEngine({onNote: (note) => say('loading', note)});
    if (engine && engine.facts.model !== opened.facts.model) return location.reload();
    engine = opened;
  } catch (error) {
    complain(error);
    if (error.kind === 'away') setTimeout(begin, RETURN);
    return;
  }
  say('ready', 'Ready');
  newest = new Newest(engine, events);
  words = new Words(engine.facts.words);
  if (first) {
    showFacts(engine.facts);
    if (!takeLink() && !at.prompt.value) {
      at.prompt.value = ideas()[0] ?? '';
      at.prompt.select();
    }
  }
  follow();
}

at.prompt.oninput = () => follow({typing: true});
at.prompt.onkeydown = (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  follow();
  if (shown?.request.prompt === at.prompt.value.trim()) settle();
};
at.seed.oninput = at.steps.oninput = () => follow({typing: true});
at.strength.oninput = () => {
  beginWith(given);
  follow({typing: true});
};
at.size.onchange = takeSize;
at.dice.onclick = rollDice;
at.choose.onclick = () => at.file.click();
at.file.onchange = () => {
  if (at.file.files[0]) takeFile(at.file.files[0]);
  at.file.value = '';
};
at.remove.onclick = () => {
  beginWith(null);
  follow();
  at.choose.focus();
};
at.download.onclick = download;
at.link.onclick = copyLink;
addEventListener('keydown', (event) => {
  if (event.altKey && event.code === 'KeyR') {
    event.preventDefault();
    rollDice();
  }
});
addEventListener('hashchange', () => takeLink() && follow());
takePictures(at.drop, takeFile);
controlled();
begin();
