import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EventWriter, maskedCrc } from "../../src/interop/tensorboard.ts";

/** CRC-32C bit by bit from its polynomial, independent of the library that the writer uses. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

test("checksums are CRC-32C's published ones, masked as TFRecord masks them", () => {
  // RFC 3720, appendix B.4.
  const vectors: [Uint8Array, number][] = [
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
    [Buffer.from("123456789"), 0xe3069283],
  ];
  for (const [bytes, expected] of vectors) {
    assert.equal(crc32c(bytes), expected);
    assert.equal(maskedCrc(bytes), masked(bytes));
  }
  // A view into a larger buffer: only its bytes count.
  assert.equal(maskedCrc(Buffer.from("xx123456789yy").subarray(2, 11)), masked(Buffer.from("123456789")));
});

interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** Fields of a protobuf message: varints, 8 bytes, lengths, 4 bytes. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const kind = key & 7;
    assert.ok(kind === 0 || kind === 1 || kind === 2 || kind === 5, `wire type ${kind}`);
    const value = kind === 0 ? varint() : take(kind === 1 ? 8 : kind === 5 ? 4 : Number(varint()));
    fields.push({ number: key >> 3, value });
  }
  return fields;
}

const field = (fields: readonly Field[], number: number) =>
  fields.find((candidate) => candidate.number === number)?.value;
const bytesIn = (value: bigint | Uint8Array | undefined): Buffer => {
  assert.ok(value instanceof Uint8Array);
  return Buffer.from(value);
};

/** Events of a file by the published layout of TFRecord and event.proto; every checksum is checked. */
function eventsOf(bytes: Buffer) {
  const events = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    assert.equal(bytes.readUInt32LE(at + 8), masked(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(data.length, length);
    assert.equal(bytes.readUInt32LE(at + 12 + length), masked(data));
    const event = fieldsOf(data);
    const summary = field(event, 5);
    const values = summary instanceof Uint8Array ? fieldsOf(summary).map(({ value }) => fieldsOf(bytesIn(value))) : [];
    events.push({
      wallTime: bytesIn(field(event, 1)).readDoubleLE(),
      step: field(event, 2) ?? 0n,
      version: field(event, 3) && bytesIn(field(event, 3)).toString(),
      scalars: Object.fromEntries(
        values.map((value) => [bytesIn(field(value, 1)).toString(), bytesIn(field(value, 2)).readFloatLE()]),
      ),
    });
    at += 16 + length;
  }
  return events;
}

test("an event file holds a version and the scalars of each step", async () => {
  const folder = await mkdtemp(join(tmpdir(), "autodidact-events-"));
  try {
    const before = Date.now() / 1000;
    const writer = await EventWriter.create(folder);
    await writer.scalars(10, { loss: 2.5, gradNorm: -0.125 });
    await writer.scalars(2 ** 33, { loss: 1e-30 });
    await writer.close();
    const [name] = await readdir(folder);
    assert.match(name ?? "", /^events\.out\.tfevents\.\d{10}\./);
    const events = eventsOf(await readFile(join(folder, name!)));
    assert.deepEqual(
      events.map(({ step, version, scalars }) => ({ step, version, scalars })),
      [
        { step: 0n, version: "brain.Event:2", scalars: {} },
        { step: 10n, version: undefined, scalars: { loss: 2.5, gradNorm: -0.125 } },
        { step: 2n ** 33n, version: undefined, scalars: { loss: Math.fround(1e-30) } },
      ],
    );
    for (const { wallTime } of events) assert.ok(wallTime >= before - 1 && wallTime <= Date.now() / 1000 + 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
