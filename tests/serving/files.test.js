// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The page as static files on a host that sends no headers: `mobilediffusion page`, in Chromium. MOBILEDIFFUSION_CLI names the
// program, MOBILEDIFFUSION_PACKAGE the npm package's folder; without it a stand-in draws.
import assert from 'node:assert/strict';
import {copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {Browser, until} from './browser.js';
import {isBlue, isRed, shareOf} from './png.js';
import {modelName, output} from './program.js';
import {hostFiles} from './static_host.js';

const STAND_IN = !process.env.MOBILEDIFFUSION_PACKAGE;

let browser, host, folder;

async function standIn() {
  const root = join(folder, 'package');
  for (const part of ['lib', 'worker', 'wasm']) await mkdir(join(root, part), {recursive: true});
  for (const part of ['lib/pipeline.js', 'worker/browser.js', 'wasm/threads.js', 'wasm/threads.wasm', 'wasm/single.js', 'wasm/single.wasm'])
    await writeFile(join(root, part), '');
  await copyFile(new URL('./stand_in_package.js', import.meta.url), join(root, 'index.js'));
  return root;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'));
  await output('page', join(folder, 'site'), '--package', process.env.MOBILEDIFFUSION_PACKAGE ?? await standIn());
  host = await hostFiles(join(folder, 'site'));
  browser = await Browser.start();
});

after(async () => {
  await browser?.end();
  await host?.close();
  await rm(folder, {recursive: true, force: true});
});

const sees = (tab, prompt) => until(`a picture of "${prompt}"`, () => tab.evaluate(
    `document.querySelector('#picture').alt === ${JSON.stringify(prompt)} && document.querySelector('#state').dataset.state === 'ready'`));

async function fill(tab, prompt) {
  await tab.evaluate(`document.querySelector('#prompt').focus(), document.querySelector('#prompt').select()`);
  await tab.type(prompt);
  await sees(tab, prompt);
}

test('it draws in the browser, with threads, and without a network once it was loaded', async () => {
  const tab = await browser.open(host.address);
  await until('threads', () => tab.evaluate('crossOriginIsolated').catch(() => false));  // by the service worker, at the second load
  await sees(tab, 'two red boats at sunset');
  const device = new RegExp(`^${await modelName()} on [2-8] threads of this browser`);
  assert.match(await tab.evaluate(`document.querySelector('#device').textContent`), device);
  await fill(tab, 'a red car');
  assert.ok(shareOf(await tab.screenshot('#picture'), isRed) > .05);
  assert.equal(host.asked.filter((path) => path.endsWith('.mdiff')).length, 1);

  await browser.call('Browser.setDownloadBehavior', {behavior: 'allow', downloadPath: folder});
  await tab.click('#download');
  await until('the file is there', async () => (await readdir(folder)).includes('a-red-car.png'));
  assert.equal((await readFile(join(folder, 'a-red-car.png'))).toString('latin1', 1, 4), 'PNG');
  if (!STAND_IN) assert.equal(JSON.parse(await output('info', join(folder, 'a-red-car.png'), '--json')).prompt, 'a red car');

  await host.close();
  await tab.evaluate('void location.reload()');
  await until('it loads again', () => tab.evaluate(`document.querySelector('#prompt').value !== 'a red car'`).catch(() => false));
  await sees(tab, 'two red boats at sunset');
  await fill(tab, 'a blue car');
  assert.ok(shareOf(await tab.screenshot('#picture'), isBlue) > .05);
  assert.equal(await tab.evaluate('crossOriginIsolated'), true);
  assert.deepEqual(tab.complaints.filter((text) => !/ERR_CONNECTION_REFUSED/.test(text)), []);
});
