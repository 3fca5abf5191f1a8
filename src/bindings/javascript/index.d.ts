// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.

/** What kind of thing went wrong. */
export declare const Status: {
  /** An option or an argument is out of its range: the caller's to fix. */
  readonly INVALID_ARGUMENT: 1;
  /** A file is missing. */
  readonly NOT_FOUND: 2;
  /** A model's file is damaged, lies, or does not fit the others. */
  readonly INVALID_MODEL: 3;
  /** Asks for something that this version or this machine cannot do. */
  readonly UNSUPPORTED: 4;
  readonly OUT_OF_MEMORY: 5;
  /** Reading failed: permissions, a network. */
  readonly IO_ERROR: 6;
  /** `cancel()` or `dispose()` was called. Who aborts a signal gets the signal's reason instead. */
  readonly CANCELLED: 7;
  /** A NaN or an infinity came up; the message names the stage. */
  readonly NON_FINITE: 8;
  /** A defect of the library: please report it. */
  readonly INTERNAL: 9;
  /** What was called is disposed. */
  readonly INVALID_STATE: 10;
  /** By a filter of `LoadOptions`; the message is its reason. */
  readonly REFUSED: 11;
};
export type Status = (typeof Status)[keyof typeof Status];

/** Why something could not be done: the message names the thing, what was expected and what was found. */
export declare class MobileDiffusionError extends Error {
  private constructor();
  readonly status: Status;
}

/** In order of their run, the encoder first where there is a picture to begin with. */
export type Stage = 'text' | 'unet' | 'decoder' | 'encoder';

/** Of a filter, to refuse; nothing lets pass. */
export type Reason = string | null | undefined | void;

export interface LoadOptions {
  /** 1 to 256. By default one for every core, 8 at most; one alone where a page is not cross-origin isolated. */
  threads?: number;
  /** What the networks compute in. By default 'int8' where the model's weights are kept in 8 bits, else 'float32'. */
  precision?: 'float32' | 'float16' | 'int8';
  /** What stays in memory between a picture's stages: all networks (the default), or one at a time. */
  memory?: 'keep' | 'stream';
  /**
   * Refuses prompts that have one of these words or phrases in them, a line each, # begins a comment: whole words, without
   * regard to case, accents, the style of letters and what nobody sees.
   */
  refusedWords?: string;
  /**
   * Asked before each picture, in the thread that asked for it: why the prompt must not be drawn, or nothing. What is
   * refused is `Status.REFUSED`; what it throws, `generate()` throws.
   */
  promptFilter?: (prompt: string) => Reason | Promise<Reason>;
  /** Asked when a picture is drawn, before `generate()` answers: why nobody must have it, or nothing. It may change its `data`. */
  imageFilter?: (picture: Picture) => Reason | Promise<Reason>;
  /** Bytes of the model; `total` is undefined where a server does not say it. */
  onProgress?: (progress: {loaded: number; total?: number}) => void;
  /** What is worth a log line, now and while drawing. */
  onNote?: (note: {level: 'info' | 'warning'; message: string}) => void;
  /** Stops loading, with its reason. */
  signal?: AbortSignal;
}

export interface GenerateOptions {
  /** 0 by default. The same seed gives the same noise on every platform. */
  seed?: number | bigint;
  /** Pixels, multiples of the pipeline's `sizeMultiple`: one number for both, or width and height; by default the model's own. */
  size?: number | readonly [width: number, height: number];
  /** 1 to 1000; by default as many as the model was made for. */
  steps?: number;
  /** 0 to 100, 0 and 1 are off; by default what the model was made for. */
  guidance?: number;
  negativePrompt?: string;
  /** By the names of the C++ options.h; by default the model's own. */
  sampler?: string;
  /** A picture to begin with, of any size. */
  image?: {readonly data: Uint8ClampedArray | Uint8Array; readonly width: number; readonly height: number};
  /** How much of that picture is made anew, 0 to 1; 0.6 by default. */
  strength?: number;
  /** Portable noise (the default), or PyTorch's on a CPU. */
  noise?: 'philox' | 'torch';
  /** Noise of your own in place of a seed's: channel by channel, rows from the top. */
  initialNoise?: Float32Array;
  /** Keeps what the text encoder answers to the last few prompts, for prompts that come back. */
  rememberText?: boolean;
  /** `done` of `total` parts of the stage are done. What it throws stops the picture, and `generate()` throws it. */
  onProgress?: (progress: {stage: Stage; done: number; total: number}) => void;
  /** Stops the picture, waiting or running, with its reason. */
  signal?: AbortSignal;
}

export interface FileOptions extends GenerateOptions {
  /** 'image/png' by default. */
  type?: 'image/png' | 'image/jpeg';
  /** Of a JPEG, 1 to 100; 95 by default. */
  quality?: number;
  /** Writes how the picture was made, and the mark of AI-made pictures; true by default. */
  metadata?: boolean;
}

/** How a picture was made. */
export interface Provenance {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly model: string;
  readonly sampler: string;
  readonly noise: string;
  readonly seed: bigint;
  readonly steps: number;
  /** 1 is off. */
  readonly guidance: number;
  /** Of the picture that it began with, where there was one. */
  readonly strength: number | undefined;
  /** "FILE:WEIGHT" each. */
  readonly loras: readonly string[];
}

/** What a browser calls ImageData: 8-bit sRGB, RGBA, rows from the top, no padding. In node an object of the same shape. */
type PlainImageData = typeof globalThis extends {ImageData: {prototype: infer Browsers}}
  ? Browsers
  : {readonly data: Uint8ClampedArray; readonly width: number; readonly height: number; readonly colorSpace: string};

/** For `putImageData()`, and how it came about. Alpha is always 255. */
export type Picture = PlainImageData & {
  /** Wall-clock; 0 for a stage that did not run. */
  readonly seconds: Readonly<Record<Stage | 'total', number>>;
  readonly promptTokens: number;
  /** Whether the prompt was longer than the text encoder reads, and was cut. */
  readonly promptTruncated: boolean;
  /** The words of the prompt that a model of few words was never taught. */
  readonly unknownWords: readonly string[];
  readonly provenance: Provenance;
};

/** What became of one prompt: its picture, or why there is none. `seconds`: from `submit()` to here. */
export type LivePicture = {readonly prompt: string; readonly seed: bigint; readonly seconds: number} &
  ({readonly picture: Picture; readonly error?: undefined} | {readonly picture?: undefined; readonly error: unknown});

/**
 * Pictures that follow a prompt while it is being typed:
 *
 *     for await (const {picture} of session) if (picture) context.putImageData(picture, 0, 0);
 *
 * In order, for every prompt that was not overtaken; the next is begun when the last was taken. After a last `submit()` its
 * picture always comes. It ends with `close()`, or when the loop is left.
 */
export declare class LiveSession implements AsyncIterableIterator<LivePicture> {
  private constructor();

  /**
   * Asks for a prompt's picture, with the options' seed or with another. Of prompts that wait the newest is drawn, and the
   * picture that is drawn is stopped; where it cannot be, on a page that is not cross-origin isolated, it comes all the
   * same. Does nothing where prompt and seed are those of the last call, unless that one failed.
   */
  submit(prompt: string, seed?: number | bigint): void;

  /** Stops what is drawn; nothing comes after it. */
  close(): void;

  next(): Promise<IteratorResult<LivePicture, undefined>>;
  return(): Promise<IteratorResult<LivePicture, undefined>>;
  [Symbol.asyncIterator](): this;
}

/** A loaded model in a worker of its own. It draws one picture at a time; further calls wait their turn. */
export declare class Pipeline {
  private constructor();

  /** Loads a packed model (`mobilediffusion pack`) by its URL, in node by its path, or from its bytes, which are copied. */
  static load(model: string | URL | ArrayBuffer | ArrayBufferView | Blob, options?: LoadOptions): Promise<Pipeline>;

  /** Draws one picture. An empty prompt is legal, one too long is cut. After an error the pipeline can be used again. */
  generate(prompt: string, options?: GenerateOptions): Promise<Picture>;

  /** Draws one picture as a PNG or a JPEG, with how it was made in its metadata. */
  generateFile(prompt: string, options?: FileOptions): Promise<Blob>;

  /** Pictures that follow a prompt. The options are every picture's; their signal closes the session. */
  live(options?: GenerateOptions): LiveSession;

  /** Stops the picture that is drawn now: who asked for it gets `Status.CANCELLED`. Without one, does nothing. */
  cancel(): void;

  /** Gives back all memory that can be had again: the next picture takes as long as the first, and is the same. */
  trim(): Promise<void>;

  /** Stops what runs (`Status.CANCELLED`) and what waits (`Status.INVALID_STATE`); the worker ends, its memory is freed. */
  dispose(): void;

  /** The size, in pixels, of a picture when none is asked for, and what widths and heights must be multiples of. */
  readonly defaultWidth: number;
  readonly defaultHeight: number;
  readonly sizeMultiple: number;

  /** The model's name, as written into pictures. */
  readonly modelName: string;
  readonly loadSeconds: number;
  /** How many threads draw. */
  readonly threads: number;
  /** The library's. */
  readonly version: string;
}
