/** A clip's header, before any frame is decoded. */
export interface ClipHeader {
  /** Of a frame as it is shown: rotated and stretched as the file says. */
  readonly width: number;
  readonly height: number;
  /** Frames a second; the mean, where it varies. */
  readonly rate: number;
  /** Length of the video; undefined where only decoding tells. */
  readonly seconds: number | undefined;
  /** Which of the file's streams it is of; undefined where there is one. */
  readonly stream?: number;
}

/** How frames are wanted: at a constant rate, of one size. */
export interface Wish {
  readonly rate: number;
  readonly width: number;
  readonly height: number;
  /** A part of the clip, in seconds; by default all of it. */
  readonly part?: { readonly start: number; readonly seconds: number };
}

/** A clip that is not decoded yet. */
export interface Encoded {
  /** @throws BrokenSample when it has none: damaged, no clip, no video in it */
  header(): Promise<ClipHeader>;
  /**
   * The bytes of the frames, red, green, blue, row by row, in parts of any length.
   * @throws BrokenSample when the clip is damaged, or shorter than its header says
   */
  decode(header: ClipHeader, wish: Wish): AsyncIterable<Uint8Array>;
}

/** Longest side of a frame that is decoded. */
export const LONGEST_SIDE = 8192;
/** Most bytes that a clip may take at the encoder's rate and size: 40 minutes are about 0.3 GB. */
export const MOST_BYTES = 2 ** 32;
