// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {serve} from './serve.js';

serve({
  post: (message, transferred) => postMessage(message, {transfer: transferred ?? []}),
  onMessage: (handle) => addEventListener('message', ({data}) => handle(data)),
});
