import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { allocate, float32, int32, sizeOf, type Tensor } from "../../src/array/index.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { readSafetensors, writeSafetensors } from "../../src/interop/safetensors.ts";

const folder = await mkdtemp(join(tmpdir(), "autodidact-safetensors-"));
after(() => rm(folder, { recursive: true }));
const path = join(folder, "x.safetensors");

const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom("float32", "int32", "uint32", "bool"),
    shape: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
    bytes: fc.uint8Array({ minLength: 256, maxLength: 256 }),
  })
  .map(({ dtype, shape, bytes }) => {
    const data = allocate(dtype, sizeOf(shape));
    const values = bytes.subarray(0, data.byteLength);
    new Uint8Array(data.buffer).set(dtype === "bool" ? values.map((value) => value % 2) : values);
    return { dtype, shape, data };
  });
const bytesOf = ({ data }: Tensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

test("tensors are read back as written, for any names, shapes and bits", () =>
  fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), tensor), { selector: ([name]) => name, maxLength: 6 }),
      fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
      async (tensors, metadata) => {
        fc.pre(tensors.every(([name]) => name !== "__metadata__") && !Object.hasOwn(metadata, "__proto__"));
        await writeSafetensors(path, tensors, metadata);
        const file = await readSafetensors(path);
        assert.deepEqual({ ...file.metadata }, { ...metadata });
        assert.deepEqual([...file.tensors.keys()].sort(), tensors.map(([name]) => name).sort());
        for (const [name, expected] of tensors) {
          const found = file.tensors.get(name)!;
          assert.deepEqual([found.dtype, found.shape], [expected.dtype, expected.shape]);
          assert.ok(bytesOf(found).equals(bytesOf(expected)), name);
        }
      },
    ),
    { numRuns: 60 },
  ));

test("the layout is the published one: length, header padded to eight, tensors in order", async () => {
  await writeSafetensors(
    path,
    [
      ["a", float32([1, 2], [2])],
      ["b", int32([7], [])],
    ],
    { step: "3" },
  );
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE(0));
  assert.equal(length % 8, 0);
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  assert.match(header.__metadata__["autodidact.digest"], /^[0-9a-f]{8}$/);
  delete header.__metadata__["autodidact.digest"];
  assert.deepEqual(header, {
    __metadata__: { step: "3" },
    a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
    b: { dtype: "I32", shape: [], data_offsets: [8, 12] },
  });
  assert.deepEqual([...bytes.subarray(8 + length)], [0, 0, 128, 63, 0, 0, 0, 64, 7, 0, 0, 0]);
});

test("any flipped bit is found, in the header and in the values", async () => {
  await writeSafetensors(path, [["a.b", float32([1, 2, 3, 4], [2, 2])]], { format: "pt" });
  const whole = await readFile(path);
  const expected = await readSafetensors(path);
  assert.ok(expected.isSealed);
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const damaged = Buffer.from(whole);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    await writeFile(path, damaged);
    const found = await readSafetensors(path).catch((error: unknown) => error);
    if (found instanceof UserError) continue;
    // A bit of the digest's own name: nobody has a digest of this file then, and the values are whole.
    assert.deepEqual(found, { ...expected, ...(found as object), tensors: expected.tensors });
    assert.ok(!(found as typeof expected).isSealed, `bit ${bit}`);
  }
});

/** A file with this header and this many bytes of tensors. */
const fileOf = (header: unknown, size: number, length?: bigint) => {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([start, text, Buffer.alloc(size)]);
};
const entry = (start: number, end: number, shape = [(end - start) / 4], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

test("every kind of damage is a UserError that names the path", async () => {
  const damaged: Record<string, Buffer> = {
    "no bytes": Buffer.alloc(0),
    "half a length": Buffer.alloc(5),
    "a header longer than the file": fileOf("{}", 0, 1000n),
    "a length beyond all numbers": fileOf("{}", 0, 2n ** 64n - 1n),
    "no JSON": fileOf("{oops", 4),
    "no UTF-8": Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([0xff, 0xfe])]),
    "an array": fileOf("[]", 0),
    "an entry without offsets": fileOf({ a: { dtype: "F32", shape: [1] } }, 4),
    "metadata that are no strings": fileOf({ __metadata__: { step: 3 } }, 0),
    "a shape that does not fit": fileOf({ a: entry(0, 8, [3]) }, 8),
    "a shape beyond all memory": fileOf({ a: entry(0, 8, [2 ** 30, 2 ** 30]) }, 8),
    "negative offsets": fileOf({ a: entry(-4, 0) }, 4),
    "offsets the wrong way round": fileOf({ a: entry(8, 4) }, 8),
    "tensors that overlap": fileOf({ a: entry(0, 8), b: entry(4, 12) }, 12),
    "a hole": fileOf({ a: entry(0, 4), b: entry(8, 12) }, 12),
    "too few bytes": fileOf({ a: entry(0, 8) }, 7),
    "bytes left over": fileOf({ a: entry(0, 8) }, 9),
    "a name of a million parts": fileOf({ [".".repeat(1e6)]: entry(0, 4) }, 4),
    "a million axes": fileOf({ a: entry(0, 4, new Array(1e6).fill(1)) }, 4),
    "an unknown type": fileOf({ a: entry(0, 8, [8], "F8_E4M3") }, 8),
    "a type of a million characters": fileOf({ a: entry(0, 8, [8], "F".repeat(1e6)) }, 8),
    "a name of a million characters, and no offsets": fileOf({ ["a".repeat(1e6)]: { dtype: "F32" } }, 4),
  };
  for (const [what, bytes] of Object.entries(damaged)) {
    await writeFile(path, bytes);
    await assert.rejects(
      readSafetensors(path),
      (error: unknown) =>
        error instanceof UserError && error.message.startsWith(`${path}: `) && /^.{1,500}$/.test(error.message),
      what,
    );
  }
  await assert.rejects(readSafetensors(join(folder, "nowhere")), UserError);
});

test("half-precision types become float32 without loss", async () => {
  const header = JSON.stringify({
    half: { dtype: "F16", shape: [5], data_offsets: [0, 10] },
    brain: { dtype: "BF16", shape: [2, 2], data_offsets: [10, 18] },
  });
  // By IEEE 754: 1.5, −2, the smallest subnormal, the largest number, −∞; and the upper halves of four float32.
  const bits = Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x3fc0, 0xc000, 0x0080, 0x7f80);
  const length = new BigUint64Array([BigInt(header.length)]);
  await writeFile(
    path,
    Buffer.concat([new Uint8Array(length.buffer), Buffer.from(header), new Uint8Array(bits.buffer)]),
  );
  const { tensors } = await readSafetensors(path);
  assert.equal(tensors.get("half")!.dtype, "float32");
  assert.deepEqual([...tensors.get("half")!.data], [1.5, -2, 2 ** -24, 65504, -Infinity]);
  assert.deepEqual([...tensors.get("brain")!.data], [1.5, -2, 2 ** -126, Infinity]);
  assert.deepEqual(tensors.get("brain")!.shape, [2, 2]);
});

test("tensors that are not selected may have an unsupported type", async () => {
  const header = JSON.stringify({
    position_ids: { dtype: "I64", shape: [1, 2], data_offsets: [0, 16] },
    weight: { dtype: "F32", shape: [1], data_offsets: [16, 20] },
  });
  const length = new BigUint64Array([BigInt(header.length)]);
  const values = new Uint8Array(new Float32Array([1.5]).buffer);
  await writeFile(
    path,
    Buffer.concat([new Uint8Array(length.buffer), Buffer.from(header), new Uint8Array(16), values]),
  );
  await assert.rejects(readSafetensors(path), /position_ids has type I64/);
  const { tensors } = await readSafetensors(path, (name) => name !== "position_ids");
  assert.deepEqual([...tensors.keys()], ["weight"]);
  assert.equal(tensors.get("weight")!.data[0], 1.5);
});

test("any truncation or changed byte of the header gives a UserError or a valid file", async () => {
  await writeSafetensors(path, [
    ["weights", float32([1, 2, 3], [3])],
    ["count", int32([4], [1])],
  ]);
  const whole = await readFile(path);
  const header = Number(whole.readBigUInt64LE(0)) + 8;
  const readable = async (bytes: Buffer) => {
    await writeFile(path, bytes);
    return readSafetensors(path).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        return false;
      },
    );
  };
  for (let length = 0; length < whole.length; length++) assert.ok(!(await readable(whole.subarray(0, length))));
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: header - 1 }), fc.nat({ max: 255 }), async (at, value) => {
      const changed = Buffer.from(whole);
      changed[at] = value;
      await readable(changed);
    }),
    { numRuns: 150 },
  );
});
