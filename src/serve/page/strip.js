// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Earlier pictures, the newest first, to go back to.

const MOST = 60;

export class Strip {
  #list;
  #section;
  #onChoice;
  #entries = [];  // {picture, request, item, button}

  constructor(section, list, onChoice) {
    this.#section = section;
    this.#list = list;
    this.#onChoice = onChoice;
  }

  /** Keeps a picture, once. */
  add(picture, request) {
    if (this.#entries.some((entry) => entry.picture === picture)) return;
    const item = document.createElement('li'), button = document.createElement('button'), image = document.createElement('img');
    button.type = 'button';
    image.src = picture.url;
    image.alt = request.prompt || 'no prompt';
    button.title = `${request.prompt} (seed ${request.seed})`;
    button.onclick = () => this.#onChoice(picture, request);
    button.append(image);
    item.append(button);
    this.#list.prepend(item);
    this.#entries.unshift({picture, item, button});
    for (const old of this.#entries.splice(MOST)) {
      old.item.remove();
      URL.revokeObjectURL(old.picture.url);
    }
    this.#section.hidden = false;
    this.mark(picture);
  }

  has(picture) {
    return this.#entries.some((entry) => entry.picture === picture);
  }

  /** Says which of them is seen. */
  mark(picture) {
    for (const entry of this.#entries) entry.button.setAttribute('aria-current', String(entry.picture === picture));
  }
}
