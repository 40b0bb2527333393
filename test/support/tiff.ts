/** Uncompressed TIFF of one strip, with whatever tags a test needs. */
interface Sampled {
  readonly width: number;
  readonly height: number;
  /** Samples in the order of pixels, already in little-endian bytes. */
  readonly data: Uint8Array;
  readonly bits: number;
  readonly channels?: number;
  /** 1: unsigned, 2: signed, 3: float. */
  readonly sampleFormat?: number;
  readonly extraSamples?: readonly number[];
  /** Further tags: `[tag, type, value]`; type 3: 16 bits, 4: 32 bits, 8: signed 16 bits, 11: float. */
  readonly tags?: readonly (readonly [tag: number, type: number, value: number])[];
}

/** A file of `count` equal pages. */
export function tiff({ width, height, data, bits, channels = 1, ...rest }: Sampled, count = 1): Buffer {
  const { sampleFormat = 1, extraSamples = [], tags = [] } = rest;
  const colours = channels - extraSamples.length;
  const all = (value: number) => Array.from({ length: channels }, () => value);
  const fields: [tag: number, type: number, values: number[]][] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, all(bits)],
    [259, 3, [1]],
    [262, 3, [colours === 3 ? 2 : 1]],
    [273, 4, [0]],
    [277, 3, [channels]],
    [278, 4, [height]],
    [279, 4, [data.length]],
    [339, 3, all(sampleFormat)],
    ...(extraSamples.length > 0 ? [[338, 3, [...extraSamples]] as [number, number, number[]]] : []),
  ];
  for (const [tag, type, value] of tags) {
    const at = fields.findIndex(([other]) => other === tag);
    if (at >= 0) fields.splice(at, 1);
    fields.push([tag, type, [value]]);
  }
  fields.sort(([a], [b]) => a - b);
  const size = 2 + 12 * fields.length + 4;
  const long = fields.reduce((sum, [, type, values]) => sum + spareFor(type, values), 0);
  const page = size + long;
  const file = Buffer.alloc(8 + count * page + data.length);
  file.write("II*\0", "latin1");
  file.writeUInt32LE(8, 4);
  file.set(data, 8 + count * page);
  for (let index = 0; index < count; index++) {
    const start = 8 + index * page;
    file.writeUInt16LE(fields.length, start);
    let spare = start + size;
    fields.forEach(([tag, type, values], at) => {
      const entry = start + 2 + 12 * at;
      file.writeUInt16LE(tag, entry);
      file.writeUInt16LE(type, entry + 2);
      file.writeUInt32LE(values.length, entry + 4);
      let to = entry + 8;
      if (bytesOf(type) * values.length > 4) {
        file.writeUInt32LE(spare, to);
        to = spare;
        spare += spareFor(type, values);
      }
      for (const [item, value] of values.entries())
        put(file, type, tag === 273 ? 8 + count * page : value, to + item * bytesOf(type));
    });
    if (index + 1 < count) file.writeUInt32LE(start + page, start + size - 4);
  }
  return file;
}

/** Bytes beside the directory, in which longer values lie. */
const spareFor = (type: number, values: readonly number[]): number => {
  const size = bytesOf(type) * values.length;
  return size > 4 ? 4 * Math.ceil(size / 4) : 0;
};

const bytesOf = (type: number): number => (type === 3 || type === 8 ? 2 : 4);

function put(file: Buffer, type: number, value: number, at: number): void {
  if (type === 3) file.writeUInt16LE(value, at);
  else if (type === 8) file.writeInt16LE(value, at);
  else if (type === 11) file.writeFloatLE(value, at);
  else file.writeUInt32LE(value, at);
}
