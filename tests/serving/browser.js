// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Chromium without a window, driven by its DevTools protocol over two pipes.
import {spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

const PATIENCE = 60_000;  // milliseconds
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--no-first-run',
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
  '--remote-debugging-pipe', 'about:blank',
];

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks until the answer is a true one, which it returns. */
export async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await pause(20);
  }
}

export class Browser {
  #calls = new Map();
  #number = 0;
  #tabs = new Map();

  static async start() {
    const browser = new Browser();
    browser.profile = await mkdtemp(join(tmpdir(), 'chromium-'));
    browser.process = spawn('chromium', [...FLAGS, `--user-data-dir=${browser.profile}`],
                            {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true});
    let rest = '';
    browser.process.stdio[4].setEncoding('utf8').on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      for (const message of messages) browser.#take(JSON.parse(message));
    });
    return browser;
  }

  async end() {
    process.kill(-this.process.pid, 'SIGKILL');  // with the processes that it has started
    await rm(this.profile, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
  }

  call(method, params = {}, sessionId = undefined) {
    const id = ++this.#number;
    this.process.stdio[3].write(JSON.stringify({id, method, params, sessionId}) + '\0');
    return new Promise((resolve, reject) => this.#calls.set(id, {resolve, reject, method}));
  }

  #take({id, result, error, method, params, sessionId}) {
    if (id === undefined) return this.#tabs.get(sessionId)?.take(method, params);
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) call.reject(new Error(`${call.method}: ${error.message}`));
    else call.resolve(result);
  }

  /** A tab of that many pixels; a phone's has touch. */
  async open(url, {width = 1200, height = 900, phone = false, dark = false} = {}) {
    const {targetId} = await this.call('Target.createTarget', {url: 'about:blank'});
    const {sessionId} = await this.call('Target.attachToTarget', {targetId, flatten: true});
    const tab = new Tab(this, sessionId, targetId);
    this.#tabs.set(sessionId, tab);
    for (const domain of ['Page', 'Runtime', 'Log', 'DOM', 'Network', 'Accessibility']) await tab.call(`${domain}.enable`);
    await tab.call('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor: phone ? 2 : 1, mobile: phone});
    if (phone) await tab.call('Emulation.setTouchEmulationEnabled', {enabled: true});
    await tab.call('Emulation.setEmulatedMedia', {features: [{name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'}]});
    await tab.call('Emulation.setFocusEmulationEnabled', {enabled: true});
    await tab.go(url);
    return tab;
  }
}

class Tab {
  complaints = [];  // that a page has no business to make

  constructor(browser, session, target) {
    Object.assign(this, {browser, session, target});
  }

  take(method, params) {
    if (method === 'Runtime.exceptionThrown') this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Log.entryAdded' && params.entry.level === 'error') this.complaints.push(`${params.entry.text} ${params.entry.url ?? ''}`);
    if (method === 'Page.loadEventFired') this.loaded = true;
  }

  call(method, params) {
    return this.browser.call(method, params, this.session);
  }

  async go(url) {
    this.loaded = false;
    await this.call('Page.navigate', {url});
    await until(`${url} loads`, () => this.loaded);
  }

  async reload() {
    this.loaded = false;
    await this.call('Page.reload');
    await until('the page loads again', () => this.loaded);
  }

  async close() {
    await this.browser.call('Target.closeTarget', {targetId: this.target});
  }

  async evaluate(expression) {
    const {result, exceptionDetails} = await this.call('Runtime.evaluate', {expression, awaitPromise: true, returnByValue: true});
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async key(key, modifiers = 0) {
    const codes = {Backspace: 8, Enter: 13, Escape: 27, Tab: 9};
    const params = {key, code: key.length === 1 ? `Key${key.toUpperCase()}` : key, windowsVirtualKeyCode: codes[key] ?? key.toUpperCase().charCodeAt(0), modifiers,
                    ...(key === 'Enter' ? {text: '\r'} : {})};
    await this.call('Input.dispatchKeyEvent', {type: 'keyDown', ...params});
    await this.call('Input.dispatchKeyEvent', {type: 'keyUp', ...params});
  }

  /** Letter by letter, as a person types. */
  async type(text, milliseconds = 30) {
    for (const letter of text) {
      await this.call('Input.insertText', {text: letter});
      await pause(milliseconds);
    }
  }

  async click(selector) {
    const {x, y} = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({block: 'center'});
      const {left, top, width, height} = element.getBoundingClientRect();
      return {x: left + width / 2, y: top + height / 2};
    })()`);
    for (const type of ['mousePressed', 'mouseReleased'])
      await this.call('Input.dispatchMouseEvent', {type, x, y, button: 'left', clickCount: 1});
  }

  async tap(selector) {
    const point = await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({block: 'center'});
      const {left, top, width, height} = element.getBoundingClientRect();
      return {x: left + width / 2, y: top + height / 2};
    })()`);
    await this.call('Input.dispatchTouchEvent', {type: 'touchStart', touchPoints: [point]});
    await this.call('Input.dispatchTouchEvent', {type: 'touchEnd', touchPoints: []});
  }

  /** A PNG of what is seen of an element, or of the whole page. */
  async screenshot(selector = undefined) {
    const clip = selector && await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({block: 'center'});
      const {left, top, width, height} = element.getBoundingClientRect();
      return {x: left + scrollX, y: top + scrollY, width, height, scale: 1};
    })()`);
    const {data} = await this.call('Page.captureScreenshot', {format: 'png', captureBeyondViewport: true, ...(clip ? {clip} : {})});
    return Buffer.from(data, 'base64');
  }
}
