import { BrokenSample } from "../../../foundation/errors.ts";
import type { Found } from "./store.ts";

const MAGIC = Buffer.from("\x93NUMPY", "latin1");
/** Longest header: NumPy writes less than this for any array of numbers. */
const LONGEST_HEADER = 1 << 16;
const MOST_AXES = 3;

export const isNpy = (bytes: Uint8Array): boolean => MAGIC.equals(bytes.subarray(0, MAGIC.length));

type Getter = (view: DataView, offset: number, isLittle: boolean) => number;
const TYPES: Readonly<Record<string, readonly [bytes: number, get: Getter]>> = {
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
  i1: [1, (view, at) => view.getInt8(at)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  u1: [1, (view, at) => view.getUint8(at)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
};

/**
 * The series in a NumPy file: an array `[steps]`, `[steps, channels]`, or `[series, channels, steps]` of many. Versions 1 to
 * 3, C order, whole numbers and floats.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @throws BrokenSample when it is something else, or cut off
 */
export function npySeries(bytes: Uint8Array, name: string): Found[] {
  const { shape, type, isLittle, offset } = headerOf(bytes);
  const [size, get] = TYPES[type]!;
  const count = shape.reduce((product, extent) => product * extent, 1);
  const there = bytes.length - offset;
  if (there < count * size) throw new BrokenSample(`cut off: ${there} of ${count * size} bytes of values`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, count * size);
  const at = (index: number) => {
    const value = get(view, index * size, isLittle);
    return Number.isFinite(value) ? value : Number.NaN;
  };
  const [first = 0, second = 1, third = 1] = shape;
  const isMany = shape.length === 3;
  const [series, channels, length] = isMany ? [first, second, third] : [1, second, first];
  if (series < 1 || channels < 1 || length < 2)
    throw new BrokenSample(`an array of ${shape.join(" × ") || "one value"}; a series needs at least two steps`);
  const names = Array.from({ length: channels }, (_, channel) => String(channel + 1));
  return Array.from({ length: series }, (_, index) => {
    const values = new Float32Array(channels * length);
    for (let channel = 0; channel < channels; channel++)
      for (let step = 0; step < length; step++)
        values[channel * length + step] = isMany
          ? at((index * channels + channel) * length + step)
          : at(step * channels + channel);
    const own = isMany ? `${name}:${index + 1}` : name;
    return values.every(Number.isNaN)
      ? { name: own, broken: "none of its values is a number" }
      : { name: own, channels: names, length, values };
  });
}

/**
 * The values of an array `[series]` or `[series, 1]` as texts: whole numbers, booleans, or strings (`U`, `S`).
 * @throws BrokenSample when it is something else, or cut off
 */
export function npyLabels(bytes: Uint8Array): string[] {
  const { shape, type, isLittle, offset } = headerOf(bytes, true);
  const [count = 0, ...others] = shape;
  if (others.some((extent) => extent !== 1)) throw new BrokenSample(`labels of ${shape.length} axes; one is read`);
  const width = Number(type.slice(1));
  const size = type.startsWith("U") ? 4 * width : width;
  if (bytes.length - offset < count * size)
    throw new BrokenSample(`cut off: ${bytes.length - offset} of ${count * size} bytes of labels`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, count * size);
  return Array.from({ length: count }, (_, index) => {
    const at = index * size;
    if (type === "b1") return view.getUint8(at) === 0 ? "false" : "true";
    const get = TYPES[type]?.[1];
    if (get) return String(get(view, at, isLittle));
    const points = Array.from({ length: width }, (_, place) =>
      type.startsWith("U") ? view.getUint32(at + 4 * place, isLittle) : view.getUint8(at + place),
    ).filter((point) => point > 0);
    if (points.some((point) => point > 0x10ffff)) throw new BrokenSample("labels that are no texts");
    return String.fromCodePoint(...points);
  });
}

/** @param isText whether strings and booleans are read, too */
function headerOf(bytes: Uint8Array, isText = false) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isNpy(bytes) || bytes.length < 12) throw new BrokenSample("not a NumPy array (.npy)");
  const version = buffer[6]!;
  if (version < 1 || version > 3) throw new BrokenSample(`version ${version} of NumPy's format, which is not known`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? buffer.readUInt16LE(8) : buffer.readUInt32LE(8);
  if (length > LONGEST_HEADER || start + length > buffer.length)
    throw new BrokenSample("damaged: its header is cut off");
  const text = buffer.toString("latin1", start, start + length);
  const descr = /'descr'\s*:\s*'([<>|=])([a-zA-Z]\d+)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (!descr || !order || shape === undefined) throw new BrokenSample("not an array of numbers");
  const [, byteOrder = "", type = ""] = descr;
  if (!Object.hasOwn(TYPES, type) && !(isText && /^(b1|[US]\d{1,5})$/.test(type)))
    throw new BrokenSample(`an array of ${type}; numbers are f4, f8, i1 to i8, u1 to u8: x.astype("float32")`);
  if (order === "True") throw new BrokenSample("in Fortran's order; save numpy.ascontiguousarray(x)");
  const extents = shape.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));
  if (extents.length < 1 || extents.length > MOST_AXES)
    throw new BrokenSample(`an array of ${extents.length} axes; series have one to ${MOST_AXES}`);
  if (extents.reduce((product, extent) => product * extent, 1) > 2 ** 31)
    throw new BrokenSample("more than 2 billion values");
  return { shape: extents, type, isLittle: byteOrder !== ">", offset: start + length };
}
