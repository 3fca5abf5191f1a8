// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {MobileDiffusionError, Status} from '../lib/errors.js';

const STAGES = ['text', 'unet', 'decoder', 'encoder'];  // as c.h numbers them
const LEVELS = ['info', 'warning'];
const RGB = 3, RGBA = 4;

/** c.h's functions on JavaScript's values: the module's memory is known here alone. */
export class Library {
  #module;
  #memory;
  #kept = 0;  // an image whose file is yet to be made

  constructor({module, memory}, onNote) {
    this.#module = module;
    this.#memory = memory;
    module.note = (level, message) => onNote({level: LEVELS[level], message: this.#text(message)});
  }

  /** So many bytes of the module's memory from a pointer on: valid until more memory is allocated. */
  bytes(pointer, size) {
    return new Uint8Array(this.#memory.buffer, pointer, size);
  }

  allocate(size) {
    const pointer = this.#module._malloc(Math.max(size, 1)) >>> 0;
    if (pointer === 0) throw new MobileDiffusionError(Status.OUT_OF_MEMORY, `no memory for ${size} bytes`);
    return pointer;
  }

  free(pointer) {
    this.#module._free(pointer);
  }

  /** A pipeline of the model that lies there, and what there is to know of it. */
  load(model, bytes, {threads, precision, memory, refusedWords}) {
    const words = this.#put(new TextEncoder().encode(refusedWords + '\0'));
    let pipeline;
    try {
      pipeline = this.#checked(
          (error) => this.#module._bridge_load(model, bytes, threads, precision, memory, words, error));
    } finally {
      this.free(words);
    }
    return {
      pipeline,
      facts: {
        defaultWidth: this.#module._md_pipeline_default_width(pipeline),
        defaultHeight: this.#module._md_pipeline_default_height(pipeline),
        sizeMultiple: this.#module._md_pipeline_size_multiple(pipeline),
        modelName: this.#text(this.#module._md_pipeline_model_name(pipeline)),
        loadSeconds: this.#module._md_pipeline_load_seconds(pipeline),
        version: this.#text(this.#module._md_version()),
      },
    };
  }

  /** The request is what drawingOf() in ../lib/options.js makes. `goesOn` is told of progress, and false cancels. */
  generate(pipeline, request, goesOn) {
    this.#module.progress = (stage, done, total) => goesOn({stage: STAGES[stage], done, total});
    const held = [];
    const put = (bytes) => {
      const pointer = this.#put(bytes);
      held.push(pointer);
      return pointer;
    };
    const putText = (text) => put(new TextEncoder().encode(text + '\0'));
    const {prompt, seed, width, height, steps, guidance, negativePrompt, sampler, image, strength, noise, initialNoise,
      rememberText, file, isKept} = request;
    let drawn = 0;
    try {
      const parameters = [
        putText(prompt), seed, width, height, steps, guidance, putText(negativePrompt), putText(sampler),
        image ? put(image.data) : 0, image?.width ?? 0, image?.height ?? 0, strength, noise,
        initialNoise ? put(new Uint8Array(initialNoise.buffer, initialNoise.byteOffset, initialNoise.byteLength)) : 0,
        initialNoise?.length ?? 0, file ? RGB : RGBA, rememberText,
      ];
      drawn = this.#checked((error) => this.#module._bridge_generate(pipeline, ...parameters, error));
      return {...(file ? this.#file(drawn, file) : this.#pixels(drawn)), ...this.#facts(drawn)};
    } finally {
      this.#keep(isKept ? drawn : 0);
      if (!isKept) this.#module._md_image_free(drawn);
      held.forEach((pointer) => this.free(pointer));
    }
  }

  /** The file of the image that was kept, with other pixels (RGBA). */
  encode(pixels, {format, metadata, quality}) {
    const pointer = this.#put(pixels);
    try {
      return this.#content(
          (error) => this.#module._bridge_encode_pixels(this.#kept, pointer, format, metadata, quality, error));
    } finally {
      this.free(pointer);
      this.#keep(0);
    }
  }

  #keep(image) {
    this.#module._md_image_free(this.#kept);
    this.#kept = image;
  }

  #put(bytes) {
    const pointer = this.allocate(bytes.length);
    this.bytes(pointer, bytes.length).set(bytes);
    return pointer;
  }

  trim(pipeline) {
    this.#module._md_pipeline_trim(pipeline);
  }

  #pixels(image) {
    const pixels = this.#module._md_image_pixels(image) >>> 0;
    return {pixels: this.bytes(pixels, this.#module._md_image_pixel_bytes(image)).slice().buffer};
  }

  #file(image, {format, metadata, quality}) {
    return this.#content((error) => this.#module._bridge_encode(image, format, metadata, quality, error));
  }

  #content(call) {
    const bytes = this.#checked(call);
    const data = this.#module._md_bytes_data(bytes) >>> 0;
    const content = this.bytes(data, this.#module._md_bytes_size(bytes) >>> 0).slice().buffer;
    this.#module._md_bytes_free(bytes);
    return {content};
  }

  #facts(image) {
    const module = this.#module;
    const provenance = module._md_image_provenance(image);
    const ask = (name) => module[`_md_provenance_${name}`](provenance);
    const texts = (count, text) => Array.from({length: count}, (_, i) => this.#text(text(i)));
    const strength = ask('strength');
    return {
      width: module._md_image_width(image),
      height: module._md_image_height(image),
      seconds: {
        ...Object.fromEntries(STAGES.map((stage, i) => [stage, module._md_image_stage_seconds(image, i)])),
        total: module._md_image_total_seconds(image),
      },
      promptTokens: module._md_image_prompt_tokens(image),
      promptTruncated: module._md_image_prompt_truncated(image) !== 0,
      unknownWords: texts(module._md_image_unknown_word_count(image), (i) => module._md_image_unknown_word(image, i)),
      provenance: {
        prompt: this.#text(ask('prompt')),
        negativePrompt: this.#text(ask('negative_prompt')),
        model: this.#text(ask('model')),
        sampler: this.#text(ask('sampler')),
        noise: this.#text(ask('noise')),
        seed: BigInt.asUintN(64, ask('seed')),
        steps: ask('steps'),
        guidance: ask('guidance'),
        strength: strength < 0 ? undefined : strength,
        loras: texts(ask('lora_count'), (i) => module._md_provenance_lora(provenance, i)),
      },
    };
  }

  /** What a function returns whose last argument is where an error goes. */
  #checked(call) {
    const place = this.allocate(4);
    const result = call(place) >>> 0;
    const error = new DataView(this.#memory.buffer).getUint32(place, true);
    this.free(place);
    if (error === 0) return result;
    const status = this.#module._md_error_status(error);
    const message = this.#text(this.#module._md_error_message(error));
    this.#module._md_error_free(error);
    throw new MobileDiffusionError(status, message);
  }

  /** Copied first: browsers decode nothing from memory that is shared. */
  #text(pointer) {
    const start = pointer >>> 0;
    const memory = new Uint8Array(this.#memory.buffer);
    return new TextDecoder().decode(memory.slice(start, memory.indexOf(0, start)));
  }
}
