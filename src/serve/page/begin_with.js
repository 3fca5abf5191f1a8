// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A picture to begin with: dropped, pasted or chosen, its middle cut and scaled to the size that is drawn.

let count = 0;

/** {name, url, pixels, png} of a picture's file; `name` is of this one alone. */
export async function pictureToBeginWith(file, width, height) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const context = canvas.getContext('2d', {alpha: false});
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (width - bitmap.width * scale) / 2, (height - bitmap.height * scale) / 2,
                    bitmap.width * scale, bitmap.height * scale);
  bitmap.close();
  const png = canvas.toDataURL('image/png');
  return {name: ++count, file, url: png, png, pixels: context.getImageData(0, 0, width, height)};
}

/** Calls with every picture that is dropped on the page or pasted into it; `shade` is seen while one is dragged over it. */
export function takePictures(shade, onFile) {
  const pictureOf = (transfer) => [...transfer?.files ?? []].find(({type}) => type.startsWith('image/'));
  const carriesFile = (event) => event.dataTransfer?.types.includes('Files');
  let depth = 0;
  const show = (change) => {
    depth = change === 0 ? 0 : Math.max(0, depth + change);
    shade.hidden = depth === 0;
  };
  addEventListener('dragenter', (event) => carriesFile(event) && show(1));
  addEventListener('dragleave', (event) => carriesFile(event) && show(-1));
  addEventListener('dragover', (event) => carriesFile(event) && event.preventDefault());
  addEventListener('drop', (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    show(0);
    const file = pictureOf(event.dataTransfer);
    if (file) onFile(file);
  });
  addEventListener('paste', (event) => {
    const file = pictureOf(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    onFile(file);
  });
}
