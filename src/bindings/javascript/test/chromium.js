// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {serve} from './server.js';

const PATIENCE = 300_000;  // milliseconds
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--no-first-run',
];

/** Opens a page of the folder in Chromium without a window; gives what it reported, the last of it with a true `end`. */
export async function reportsOf(page, {folder, isolated}) {
  const reports = [];
  const {promise: ended, end, fail} = settleable();
  const server = await serve(folder, {isolated, onReport: (report) => reports.push(report) && report.end && end()});
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const chromium = spawn('chromium', [...FLAGS, `--user-data-dir=${profile}`, `${server.address}/${page}`],
                         {stdio: 'ignore', detached: true});
  chromium.on('error', fail);
  chromium.on('exit', (code) => fail(new Error(`Chromium has ended with ${code}`)));
  const timer = setTimeout(() => fail(new Error(`${page} reports no end, but ${JSON.stringify(reports)}`)), PATIENCE);
  try {
    await ended;
    return reports;
  } finally {
    clearTimeout(timer);
    if (chromium.exitCode === null && chromium.pid) process.kill(-chromium.pid);  // with the processes that it has started
    server.close();
    await rm(profile, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
  }
}

function settleable() {
  let end, fail;
  const promise = new Promise((resolve, reject) => [end, fail] = [resolve, reject]);
  return {promise, end, fail};
}
