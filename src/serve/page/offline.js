// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The service worker, without which the page is gone with its network. Browsers have it by https and on this machine alone.

const registered = navigator.serviceWorker?.register('service_worker.js').catch(() => undefined);

/** Whether a service worker answers for this page, once there can be one. */
export async function controlled() {
  if (!await registered) return false;
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener('controllerchange', resolve, {once: true});
      setTimeout(resolve, 3000);
    });
  }
  return Boolean(navigator.serviceWorker.controller);
}
