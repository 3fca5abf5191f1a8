// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How long a picture took, by stage.

const STAGES = {encoder: 'encoder', text: 'text', unet: 'UNet', decoder: 'decoder'};
const SEEN = .0005;  // seconds; of a prompt that comes back the text encoder's answer was kept

export const inWords = (seconds) => seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;

function element(name, className, text) {
  return Object.assign(document.createElement(name), {className, textContent: text});
}

export function showTiming(bar, line, seconds) {
  const stages = Object.keys(STAGES).filter((stage) => seconds[stage] > SEEN);
  bar.replaceChildren(...stages.map((stage) => {
    const part = element('span', stage, '');
    part.style.flexGrow = 1000 * seconds[stage] / seconds.total;  // below 1 they would leave a gap
    return part;
  }));
  line.replaceChildren(element('strong', '', inWords(seconds.total)),
                       ...stages.map((stage) => element('span', `key ${stage}`, `${STAGES[stage]} ${inWords(seconds[stage])}`)));
}

/** How far a picture is, 0 to 1, by the stage that it is in. */
export function fractionOf({stage, done, total}) {
  const [begin, end] = {encoder: [0, .1], text: [.1, .15], unet: [.15, .75], decoder: [.75, 1]}[stage];
  return begin + (end - begin) * done / Math.max(1, total);
}
