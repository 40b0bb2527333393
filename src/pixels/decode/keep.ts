/** What is kept of an image that a picture of 8 bits has not. */
export interface Keep {
  /**
   * Samples of more than 8 bits as 16 bits: unsigned ones of 16 bits as they are, others so that black and white of their
   * range are 0 and 65,535. By default they become bytes.
   */
  readonly depth?: boolean;
  /** Channels of no declared meaning, as the bands of a satellite; by default such files are refused. */
  readonly bands?: boolean;
  /** Transparency as the last channel; by default the image is put on white. */
  readonly alpha?: boolean;
}
