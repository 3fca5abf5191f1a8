// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The page as a person uses it, in Chromium, with the default model behind it. MOBILEDIFFUSION_CLI names the program,
// SCREENSHOTS a folder for what was seen.
import assert from 'node:assert/strict';
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {Browser, pause, until} from './browser.js';
import {isBlue, isRed, shareOf} from './png.js';
import {modelName, output, Server} from './program.js';

const SETTLED = 1500;  // milliseconds, after which a picture is kept
const CONTROL = 2;     // DevTools' modifier

let browser, server, folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-'));
  server = await Server.start();
  browser = await Browser.start();
});

after(async () => {
  await browser?.end();
  await server?.end();
  await rm(folder, {recursive: true, force: true});
});

async function keep(name, png) {
  if (!process.env.SCREENSHOTS) return;
  await mkdir(process.env.SCREENSHOTS, {recursive: true});
  await writeFile(join(process.env.SCREENSHOTS, `${name}.png`), png);
}

const seen = (tab) => tab.evaluate(`document.querySelector('#picture').alt`);
const source = (tab) => tab.evaluate(`document.querySelector('#picture').src`);
const state = (tab) => tab.evaluate(`document.querySelector('#state').dataset.state`);
const value = (tab, id) => tab.evaluate(`document.getElementById('${id}').value`);
const kept = (tab) => tab.evaluate(`document.querySelectorAll('#strip button').length`);

/** Until the picture of that prompt is there, and nothing is drawn any more. */
const sees = (tab, prompt) => until(`a picture of "${prompt}"`, async () => await seen(tab) === prompt && await state(tab) === 'ready');

async function fill(tab, prompt) {
  await tab.evaluate(`document.querySelector('#prompt').focus()`);
  await tab.key('a', CONTROL);
  await tab.evaluate(`document.querySelector('#prompt').select()`);
  await tab.type(prompt);
}

async function openPage(options = {}) {
  const tab = await browser.open(server.address + (options.hash ?? ''), options);
  await until('the first picture', async () => await seen(tab) && await state(tab) === 'ready');
  return tab;
}

async function closePage(tab) {
  assert.deepEqual(tab.complaints, []);
  await tab.close();
}

test('the picture follows what is typed and corrected', async () => {
  const tab = await openPage();
  assert.equal(await tab.evaluate(`document.activeElement.id`), 'prompt');
  await fill(tab, 'a red car');
  await sees(tab, 'a red car');
  const red = await tab.screenshot('#picture');
  await keep('red', red);
  assert.ok(shareOf(red, isRed) > .05, `red: ${shareOf(red, isRed)}`);
  for (let i = 0; i < 'red car'.length; ++i) await tab.key('Backspace');
  await tab.type('blue car');
  await sees(tab, 'a blue car');
  const blue = await tab.screenshot('#picture');
  await keep('blue', blue);
  assert.ok(shareOf(blue, isBlue) > .05, `blue: ${shareOf(blue, isBlue)}`);
  assert.ok(shareOf(blue, isRed) < shareOf(red, isRed) / 3);
  assert.match(await tab.evaluate(`document.querySelector('#seconds').textContent`), /\d (ms|s).*text.*UNet.*decoder/);
  assert.match(await tab.evaluate(`document.querySelector('#device').textContent`), new RegExp(`^${await modelName()} on \\d+ threads?`));
  await closePage(tab);
});

test('only what was stayed with is kept, and one can go back to it', async () => {
  const tab = await openPage();
  await until('the first is kept', async () => await kept(tab) === 1);
  await fill(tab, 'a red car');
  await sees(tab, 'a red car');
  await pause(SETTLED);
  assert.equal(await kept(tab), 2);  // and not one for each letter
  const red = await source(tab);
  await fill(tab, 'a green tree');
  await sees(tab, 'a green tree');
  await tab.key('Enter');  // keeps it at once
  assert.equal(await kept(tab), 3);
  await tab.click('#strip li:nth-child(2) button');
  assert.equal(await value(tab, 'prompt'), 'a red car');
  assert.equal(await source(tab), red);
  assert.equal(await tab.evaluate(`document.querySelector('#strip [aria-current=true] img').alt`), 'a red car');
  await tab.evaluate(`document.querySelector('#prompt').focus(), document.querySelector('#prompt').setSelectionRange(99, 99)`);
  await tab.type(' at night');
  await sees(tab, 'a red car at night');
  await closePage(tab);
});

test('dice, download and link', async () => {
  const tab = await openPage();
  await fill(tab, 'two red boats at sunset');
  await sees(tab, 'two red boats at sunset');
  const first = await source(tab);
  await tab.click('#dice');
  await until('another picture', async () => await source(tab) !== first && await state(tab) === 'ready');
  const seed = await value(tab, 'seed');
  assert.match(seed, /^\d+$/);
  assert.notEqual(seed, '0');

  await browser.call('Browser.setDownloadBehavior', {behavior: 'allow', downloadPath: folder});
  await tab.click('#download');
  const file = join(folder, 'two-red-boats-at-sunset.png');
  await until('the file is there', async () => (await readdir(folder)).includes('two-red-boats-at-sunset.png'));
  assert.deepEqual(await readFile(file), await output('generate', 'two red boats at sunset', '--seed', seed, '--quiet', '--cache', 'none', '-o', '-'));
  assert.equal(JSON.parse(await output('info', file, '--json')).prompt, 'two red boats at sunset');

  await browser.call('Browser.grantPermissions', {permissions: ['clipboardReadWrite', 'clipboardSanitizedWrite']});
  await tab.click('#link');
  await until('it says so', () => tab.evaluate(`document.querySelector('#link').textContent === 'Link copied'`));
  const link = await tab.evaluate(`navigator.clipboard.readText()`);
  const other = await browser.open(link);
  await sees(other, 'two red boats at sunset');
  assert.equal(await value(other, 'seed'), seed);
  await closePage(other);
  await closePage(tab);
});

test('a word that the model was never taught', async () => {
  const tab = await openPage();
  await fill(tab, 'a red boaat');
  await sees(tab, 'a red boaat');
  await until('a hint', () => tab.evaluate(`!document.querySelector('#hint').hidden`));
  assert.match(await tab.evaluate(`document.querySelector('#hint').textContent`), /never taught “boaat”.*boat/s);
  await keep('hint', await tab.screenshot());
  await tab.click('#hint button');
  await sees(tab, 'a red boat');
  assert.equal(await tab.evaluate(`document.querySelector('#hint').hidden`), true);
  assert.ok(await tab.evaluate(`document.querySelectorAll('#word_list dd').length`) > 3);
  await closePage(tab);
});

test('a picture to begin with', async () => {
  const tab = await openPage();
  const file = join(folder, 'begin.png');
  await writeFile(file, await output('generate', 'a red house', '--quiet', '--cache', 'none', '-o', '-'));
  const {root} = await tab.call('DOM.getDocument');
  const {nodeId} = await tab.call('DOM.querySelector', {nodeId: root.nodeId, selector: '#file'});
  await tab.call('DOM.setFileInputFiles', {nodeId, files: [file]});
  await until('it is there', () => tab.evaluate(`!document.querySelector('#given').hidden`));
  await until('it is drawn', async () => /encoder/.test(await tab.evaluate(`document.querySelector('#seconds').textContent`)));
  await keep('begin', await tab.screenshot());
  const before = await source(tab);
  await tab.evaluate(`(document.querySelector('#strength').value = 0.1, document.querySelector('#strength').dispatchEvent(new Event('input')))`);
  await until('another picture', async () => await source(tab) !== before && await state(tab) === 'ready');
  await tab.click('#remove');
  await until('it is gone', async () => !/encoder/.test(await tab.evaluate(`document.querySelector('#seconds').textContent`)));
  await closePage(tab);
});

test('two tabs at once', async () => {
  const tabs = [await openPage(), await openPage()];
  await Promise.all([fill(tabs[0], 'a yellow car'), fill(tabs[1], 'a blue lighthouse at night')]);
  await Promise.all([sees(tabs[0], 'a yellow car'), sees(tabs[1], 'a blue lighthouse at night')]);
  for (const tab of tabs) await closePage(tab);
});

for (const dark of [false, true]) {
  const light = dark ? 'dark' : 'light';
  test(`at a phone's width, by touch, ${light}`, async () => {
    const tab = await openPage({width: 390, height: 844, phone: true, dark});
    assert.equal(await tab.evaluate(`document.documentElement.scrollWidth`), 390);
    await tab.tap('#ideas button:nth-child(2)');
    await until('its picture', async () => await seen(tab) === await tab.evaluate(`document.querySelector('#ideas button:nth-child(2)').textContent`));
    assert.deepEqual(await tab.evaluate(`[...document.querySelectorAll('button, select, textarea, input:not(.unseen)')]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 30).map((element) => element.id)`), []);
    await tab.tap('#dice');
    await until('another seed', async () => await value(tab, 'seed') !== '0');
    await pause(SETTLED);
    await tab.evaluate(`scrollTo(0, 0)`);
    const {top, bottom} = await tab.evaluate(`document.querySelector('.frame').getBoundingClientRect().toJSON()`);
    assert.ok(top < 330 && bottom < 844, `the picture is seen without scrolling: ${top} to ${bottom}`);
    await keep(`phone-${light}`, await tab.screenshot());
    await closePage(tab);
  });

  test(`at a desk's width, ${light}`, async () => {
    const tab = await openPage({dark});
    for (const prompt of ['a blue lighthouse at night', 'three balloons', 'two red boats at sunset']) {
      await fill(tab, prompt);
      await sees(tab, prompt);
      await tab.key('Enter');
    }
    assert.equal(await tab.evaluate(`document.documentElement.scrollWidth <= innerWidth`), true);
    await keep(`desk-${light}`, await tab.screenshot());
    await closePage(tab);
  });
}

test('by keyboard and for who does not see it', async () => {
  const tab = await openPage();
  await fill(tab, 'a red car');
  await sees(tab, 'a red car');
  await until('it is spoken of', async () => /^Picture of a red car, drawn in/.test(await tab.evaluate(`document.querySelector('#live').textContent`)));
  const {nodes} = await tab.call('Accessibility.getFullAXTree');
  const controls = nodes.filter(({ignored, role}) => !ignored && ['button', 'textbox', 'combobox', 'slider', 'spinbutton', 'image'].includes(role?.value));
  assert.ok(controls.length > 6);
  assert.deepEqual(controls.filter(({name}) => !name?.value).map(({role}) => role.value), []);
  const reached = new Set();
  for (let i = 0; i < 30; ++i) {
    await tab.key('Tab');
    reached.add(await tab.evaluate(`document.activeElement.id || document.activeElement.tagName`));
  }
  for (const id of ['seed', 'dice', 'choose', 'download', 'link', 'SUMMARY']) assert.ok(reached.has(id), `${id} of ${[...reached]}`);
  const before = await value(tab, 'seed');
  await tab.key('r', 1);  // with Alt
  await until('another seed', async () => await value(tab, 'seed') !== before);
  await closePage(tab);
});

test('a token, which comes with the address and stays', async () => {
  const guarded = await Server.start(0, '--token', 'open-sesame');
  const bare = guarded.address.replace(/#.*/, '');
  const stranger = await browser.open(bare);
  await until('it says so', async () => /token/.test(await stranger.evaluate(`document.querySelector('#state').textContent`)));
  await stranger.close();
  const tab = await browser.open(guarded.address);
  await until('the first picture', async () => await seen(tab) && await state(tab) === 'ready');
  assert.equal(await tab.evaluate(`location.href.includes('sesame')`), false);  // nor any link that is copied
  const another = await browser.open(bare);
  await until('the first picture', async () => await seen(another) && await state(another) === 'ready');
  await closePage(another);
  await closePage(tab);
  await guarded.end();
});

test('the program ends, and comes back', async () => {
  const tab = await openPage();
  await until('the page is kept', () => tab.evaluate(`navigator.serviceWorker.controller !== null`));
  await server.end('SIGKILL');
  await fill(tab, 'a pink flower');
  await until('it says so', async () => await state(tab) === 'away');
  assert.match(await tab.evaluate(`document.querySelector('#state').textContent`), /mobilediffusion serve/);
  await keep('away', await tab.screenshot());
  await tab.reload();  // from what was kept
  await until('it says so again', async () => await state(tab) === 'away');
  await tab.evaluate(`document.querySelector('#prompt').value = 'a pink flower'`);
  server = await Server.start(server.port);
  await sees(tab, 'a pink flower');
  tab.complaints = tab.complaints.filter((text) => !/ERR_CONNECTION_REFUSED/.test(text));  // which is what it was
  await closePage(tab);
});
