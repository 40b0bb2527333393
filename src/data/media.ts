/** What a page plays: a sound, a clip. */
export interface Media {
  /** Media type: `audio/wav`. */
  readonly type: string;
  /** Contents of a file, small enough to be part of a page: some hundred kilobytes. */
  readonly bytes: Uint8Array;
}
