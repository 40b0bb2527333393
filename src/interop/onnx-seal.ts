import { crc32c } from "@node-rs/crc32";
import { UserError } from "../foundation/errors.ts";

/*
 * A digest at the end of an ONNX file, as its last metadata property: field 14 of ModelProto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), `{ key, value }`. Of a message's fields the order does not matter,
 * so the file stays one that every program reads.
 */

const KEY = "autodidact.digest";
/** CRC-32C as hexadecimal digits. */
const DIGITS = 8;

/** A field of a length below 128. */
const field = (number: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of((number << 3) | 2, content.length), content]);

const seal = (digest: string): Buffer =>
  field(14, Buffer.concat([field(1, Buffer.from(KEY)), field(2, Buffer.from(digest))]));

const LENGTH = seal("0".repeat(DIGITS)).length;
const START = seal("0".repeat(DIGITS)).subarray(0, LENGTH - DIGITS);

const digestOf = (model: Uint8Array): string =>
  crc32c(Buffer.from(model.buffer, model.byteOffset, model.byteLength))
    .toString(16)
    .padStart(DIGITS, "0");

/** The parts of a file: the model and its digest. */
export const sealed = (model: Uint8Array): Uint8Array[] => [model, seal(digestOf(model))];

/**
 * The model in a file, without its digest. Files of other programs have none.
 * @param name of the file, for the error
 * @throws UserError when the model differs from its digest
 */
export function unsealed(file: Uint8Array, name: string): Uint8Array {
  const at = file.length - LENGTH;
  if (at < 0 || !START.equals(file.subarray(at, at + START.length))) return file;
  const model = file.subarray(0, at);
  if (Buffer.from(file.subarray(at + START.length)).toString("latin1") === digestOf(model)) return model;
  throw new UserError(`${name}: damaged: its content is not what was written (the digest differs); export it again`);
}
