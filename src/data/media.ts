/** What a page plays: a sound, a clip. */
export interface Media {
  /** Media type: `audio/wav`. */
  readonly type: string;
  /** Contents of a file, small enough to be part of a page: some hundred kilobytes. */
  readonly bytes: Uint8Array;
}

/** What a page plays and has to encode: the frames of a clip. */
export interface Frames {
  /** RGB bytes, row-major, the frames below each other. */
  readonly rgb: Uint8Array;
  /** Of one frame, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** How long each is shown, in milliseconds. */
  readonly delay: number;
}
