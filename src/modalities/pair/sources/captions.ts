/** The captions of all entries as UTF-8, in memory that threads share. */
export interface Captions {
  readonly bytes: Uint8Array;
  /** Where each caption begins, and the end of the last. */
  readonly starts: Float64Array;
  /** The first caption of each entry, and the end of the last one's. */
  readonly firsts: Uint32Array;
}

/** @param all the captions of each entry */
export function packCaptions(all: readonly (readonly string[])[]): Captions {
  const count = all.reduce((sum, captions) => sum + captions.length, 0);
  const lengths = all.map((captions) => captions.map((caption) => Buffer.byteLength(caption)));
  const total = lengths.flat().reduce((sum, length) => sum + length, 0);
  const bytes = Buffer.from(new SharedArrayBuffer(total));
  const starts = new Float64Array(new SharedArrayBuffer((count + 1) * Float64Array.BYTES_PER_ELEMENT));
  const firsts = new Uint32Array(new SharedArrayBuffer((all.length + 1) * Uint32Array.BYTES_PER_ELEMENT));
  let [caption, start] = [0, 0];
  for (const [entry, captions] of all.entries()) {
    for (const text of captions) {
      start += bytes.write(text, start);
      starts[++caption] = start;
    }
    firsts[entry + 1] = caption;
  }
  return { bytes: new Uint8Array(bytes.buffer), starts, firsts };
}

/** A caption by its number among all. */
export function captionAt({ bytes, starts }: Captions, caption: number): string {
  const [start, end] = [starts[caption]!, starts[caption + 1]!];
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8");
}

/** The captions of an entry, at least one. */
export function captionsOf(captions: Captions, entry: number): readonly [string, ...string[]] {
  const [first, end] = [captions.firsts[entry]!, captions.firsts[entry + 1]!];
  const others = Array.from({ length: end - first - 1 }, (_, at) => captionAt(captions, first + 1 + at));
  return [captionAt(captions, first), ...others];
}
