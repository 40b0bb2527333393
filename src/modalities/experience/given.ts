import * as z from "zod";
import type { Source } from "../../data/source.ts";
import { BrokenSample, messageOf } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/json.ts";
import { decode } from "../../pixels/decode/decode.ts";
import { isDeep, pixelsOf } from "./images.ts";
import { OBSERVATION } from "./record/layout.ts";
import { ANY, type ExperienceSample } from "./sample.ts";

import { type Images, type Store, sharedWholes, type Vectors } from "./sources/store.ts";

const Sent = z.record(
  z.string(),
  z
    .array(z.number())
    .min(1)
    .max(2 ** 20),
);

const floats = (values: readonly number[]): SharedArrayBuffer => {
  const buffer = new SharedArrayBuffer(4 * values.length);
  new Float32Array(buffer).set(values);
  return buffer;
};

const bytesOf = (values: Uint8Array | Uint16Array): SharedArrayBuffer => {
  const buffer = new SharedArrayBuffer(values.byteLength);
  new Uint8Array(buffer).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return buffer;
};

/** A recording of one frame. */
function frameOf(parts: Partial<Pick<Store, "vectors" | "values" | "width" | "images">>): Store {
  return {
    ...{ rows: 1, vectors: [], values: floats([]), width: 0, images: [] },
    ...{ action: { size: 1, names: [], low: [], high: [] }, actions: floats([Number.NaN]) },
    ...{ extras: [], further: floats([]), flags: new SharedArrayBuffer(1), places: sharedWholes([0]) },
    ...{ episodes: sharedWholes([0, 0, 0, 1, 0]), broken: [], leftOut: [], notes: [] },
    ...parts,
  };
}

/** A source of one frame: an image, or numbers as JSON, `{"state": [0.1, 0.2]}`. */
export function givenFrame(bytes: Uint8Array, name: string): Source<ExperienceSample> {
  const read = async (): Promise<ExperienceSample> => ({
    store: bytes[0] === 0x7b || bytes[0] === 0x20 ? numbersIn(bytes) : await imageIn(bytes),
    row: 0,
  });
  return { length: 1, name: () => name, read, manifest: undefined, close: async () => undefined };
}

function numbersIn(bytes: Uint8Array): Store {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes), "the observation");
  } catch (error) {
    throw new BrokenSample(`not an observation as JSON (${messageOf(error)})`);
  }
  const sent = Sent.safeParse(json);
  if (!sent.success) throw new BrokenSample('not an observation: send names and numbers, {"state": [0.1, 0.2]}');
  const values: number[] = [];
  const vectors = Object.entries(sent.data).map(([key, numbers]): Vectors => {
    values.push(...numbers);
    const own = key.startsWith(OBSERVATION) ? key.slice(OBSERVATION.length) : key;
    return { name: own, size: numbers.length, names: [], offset: values.length - numbers.length };
  });
  return frameOf({ vectors, values: floats(values), width: values.length });
}

async function imageIn(bytes: Uint8Array): Promise<Store> {
  const shape = (width: number, height: number, channels: 1 | 3, levels: number): Omit<Images, "pixels"> => ({
    ...{ name: ANY, width, height, channels, levels, low: 0, high: 1 },
  });
  if (!isDeep(bytes)) {
    const { width, height, channels, data } = await decode(bytes);
    return frameOf({ images: [{ ...shape(width, height, channels === 1 ? 1 : 3, 255), pixels: bytesOf(data) }] });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const deep = shape(view.getUint32(16), view.getUint32(20), 1, 65_535);
  return frameOf({ images: [{ ...deep, pixels: bytesOf(await pixelsOf(bytes, deep)) }] });
}
