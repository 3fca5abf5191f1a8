// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {spawn} from 'node:child_process';

const PROGRAM = process.env.MOBILEDIFFUSION_CLI;

export class Server {
  static async start(port = 0, ...words) {
    const server = new Server();
    server.process = spawn(PROGRAM, ['serve', '--port', String(port), '--cache', 'none', ...words], {stdio: ['ignore', 'pipe', 'inherit']});
    server.address = await new Promise((resolve, reject) => {
      let text = '';
      server.process.stdout.setEncoding('utf8').on('data', (piece) => {
        text += piece;
        if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
      });
      server.process.on('exit', (code) => reject(new Error(`serve has ended with ${code}`)));
    });
    server.port = Number(new URL(server.address).port);
    return server;
  }

  async end(signal = 'SIGINT') {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill(signal);
    await ended;
  }
}

/** What the program calls the model that nobody names. */
export async function modelName() {
  return JSON.parse(await output('info', '--json')).model;
}

/** The program's own answer on stdout. */
export async function output(...words) {
  const process = spawn(PROGRAM, words, {stdio: ['ignore', 'pipe', 'inherit']});
  const pieces = [];
  process.stdout.on('data', (piece) => pieces.push(piece));
  const code = await new Promise((resolve) => process.once('close', resolve));
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}`);
  return Buffer.concat(pieces);
}
