/**
 * Undoes the PackBits run lengths that DICOM's RLE and TIFF have.
 * @returns undefined when there are fewer bytes than wanted
 */
export function unpackBits(packed: Uint8Array, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  let to = 0;
  for (let at = 0; at < packed.length && to < length; ) {
    const count = packed[at++]!;
    if (count < 128) {
      const literal = packed.subarray(at, at + Math.min(count + 1, length - to));
      bytes.set(literal, to);
      to += literal.length;
      at += count + 1;
    } else if (count > 128) {
      if (at >= packed.length) return undefined;
      bytes.fill(packed[at++]!, to, Math.min(length, to + 257 - count));
      to += 257 - count;
    }
  }
  return to >= length ? bytes : undefined;
}
