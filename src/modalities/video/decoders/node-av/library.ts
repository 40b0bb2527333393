/** What is used of node-av (https://github.com/seydx/node-av), which the user installs: FFmpeg's libraries in Node. */

interface Rational {
  readonly num: number;
  readonly den: number;
}

interface Stream {
  readonly index: number;
  readonly disposition: number;
  readonly duration: bigint;
  readonly timeBase: Rational;
  readonly avgFrameRate: Rational;
  readonly rFrameRate: Rational;
  readonly metadata: { getAll(): Readonly<Record<string, string>> } | null;
  readonly codecpar: {
    readonly codecType: number;
    readonly width: number;
    readonly height: number;
    readonly sampleAspectRatio: Rational;
    getAllCodedSideData(): readonly { readonly type: number; readonly data: Buffer }[];
  };
}

interface Frame extends Disposable {
  toBuffer(): Buffer;
}

interface Demuxer extends AsyncDisposable {
  readonly streams: readonly Stream[];
  readonly duration: number;
  readonly startTime: number;
  packets(stream: number): AsyncIterable<unknown>;
  seek(seconds: number, stream: number, flags: number): Promise<number>;
}

/** `node-av/api`. */
export interface NodeAv {
  readonly Demuxer: {
    open(path: string, options: { readonly format: string; readonly options: object }): Promise<Demuxer>;
  };
  readonly Decoder: {
    create(
      stream: Stream,
      options: { readonly context: object },
    ): Promise<Disposable & { frames(packets: AsyncIterable<unknown>): AsyncIterable<unknown> }>;
  };
  readonly FilterAPI: {
    create(
      description: string,
      options: object,
    ): Disposable & {
      frames(frames: AsyncIterable<unknown>): AsyncIterable<Frame | null>;
    };
  };
}

/** `node-av/lib`. */
export interface NodeAvLib {
  readonly Log: { setLevel(level: number): void };
}

/** FFmpeg's numbers. */
export const AV = {
  types: ["video", "audio"],
  ERRORS: 16,
  SEEK_BACKWARD: 1,
  DEFAULT: 1,
  ATTACHED_PICTURE: 0x400,
  DISPLAY_MATRIX: 5,
} as const;
