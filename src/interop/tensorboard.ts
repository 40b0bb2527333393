import { type FileHandle, open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { crc32c } from "@node-rs/crc32";
import protobuf from "protobufjs";
import { fileError } from "../foundation/files.ts";

/** The part of TensorFlow's `event.proto` that scalars need. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Value { string tag = 1; float simple_value = 2; }
  message Summary { repeated Value value = 1; }
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
`);
const Event = root.lookupType("Event");

/** TFRecord's checksum: CRC-32C, rotated and offset so that checksums of checksums stay useful. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return bytes;
}

/** Appends scalars to an `events.out.tfevents.*` file, which TensorBoard follows while it grows. */
export class EventWriter {
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** Starts a new file in `folder`; a resumed run adds a file. @throws UserError when it cannot be written */
  static async create(folder: string): Promise<EventWriter> {
    const path = join(folder, `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}`);
    const file = await open(path, "a").catch((error: unknown) => {
      throw fileError(path, "written", error);
    });
    const writer = new EventWriter(file, path);
    await writer.#append({ wallTime: Date.now() / 1000, step: 0, fileVersion: "brain.Event:2" });
    return writer;
  }

  async scalars(step: number, values: Readonly<Record<string, number>>): Promise<void> {
    const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }));
    await this.#append({ wallTime: Date.now() / 1000, step, summary: { value } });
  }

  async #append(event: Record<string, unknown>): Promise<void> {
    await this.#file.appendFile(record(Event.encode(Event.fromObject(event)).finish())).catch((error: unknown) => {
      throw fileError(this.#path, "written", error);
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
