import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";
import { unpackBits } from "../../../src/pixels/decode/pack-bits.ts";
import type { Image } from "../../../src/pixels/image.ts";
import { dicom } from "../../support/dicom.ts";

const FILES = "/usr/lib/python3/dist-packages/pydicom/data/test_files";
const skip = existsSync(FILES) ? false : "Debian's python3-pydicom, which has the files, is not installed";
const kept = (bytes: Uint8Array) => decode(bytes, undefined, undefined, { depth: true });

const EXPLICIT = "1.2.840.10008.1.2.1";
const grey = (values: Uint16Array, more: Parameters<typeof dicom>[0] = [], syntax = EXPLICIT, patient = "") =>
  dicom([
    [0x00020010, "UI", syntax],
    [0x00080060, "CS", "OT"],
    [0x00100010, "PN", "Secret^Name"],
    [0x00100020, "LO", patient],
    [0x00280002, "US", 1],
    [0x00280004, "CS", "MONOCHROME2"],
    [0x00280010, "US", 2],
    [0x00280011, "US", values.length / 2],
    [0x00280100, "US", 16],
    [0x00280101, "US", 12],
    [0x00280103, "US", 0],
    ...more,
    [0x7fe00010, "OW", new Uint8Array(values.buffer)],
  ] satisfies Parameters<typeof dicom>[0]);

test("stored values are kept; bits above them are left out", async () => {
  const values = Uint16Array.of(0, 1, 4095, 2048, 0xf000 + 7, 100);
  assert.deepEqual(await kept(grey(values)), {
    ...{ width: 3, height: 2, channels: 1 },
    data: Uint16Array.of(0, 1, 4095, 2048, 7, 100),
  });
});

test("what is broken or compressed otherwise is said without a word about the patient", async () => {
  const whole = grey(Uint16Array.of(1, 2, 3, 4, 5, 6));
  const refused = (bytes: Uint8Array, pattern: RegExp) =>
    assert.rejects(decode(bytes), (error: unknown) => {
      assert.ok(error instanceof BrokenSample, String(error));
      assert.match(error.message, pattern);
      assert.doesNotMatch(error.message, /Secret|\n/);
      return true;
    });
  await refused(whole.subarray(0, whole.length - 4), /DICOM/);
  await refused(whole.subarray(0, 200), /DICOM/);
  await refused(grey(Uint16Array.of(1, 2), [], "1.2.840.10008.1.2.4.90"), /JPEG 2000, which is not decoded; convert/);
  await refused(grey(Uint16Array.of(1, 2), [], "Secret"), /an unknown method/);
});

test("damage anywhere is a broken sample or an image, and nothing else", async () => {
  const whole = grey(Uint16Array.from({ length: 64 }, (_, at) => at * 60));
  const rng = new Rng(7);
  for (let mutant = 0; mutant < 300; mutant++) {
    const bytes = Buffer.from(whole);
    for (let change = rng.integer(1, 4); change > 0; change--)
      bytes[rng.integer(132, bytes.length - 1)] = rng.integer(0, 255);
    const cut = rng.chance(0.3) ? bytes.subarray(0, rng.integer(133, bytes.length)) : bytes;
    await decode(cut).catch((error: unknown) => {
      assert.ok(error instanceof BrokenSample, String(error));
      assert.doesNotMatch(error.message, /Secret/);
    });
  }
});

test("pixels are pydicom's: little and big endian, implicit, deflated, RLE, CT in Hounsfield units, colour", {
  skip,
}, async () => {
  const expected: Readonly<Record<string, { shape: number[]; sha256: string }>> = JSON.parse(
    await readFile(new URL("../../fixtures/dicom/pixels.json", import.meta.url), "utf8"),
  );
  assert.ok(Object.keys(expected).length >= 8);
  for (const [name, { shape, sha256 }] of Object.entries(expected)) {
    const { width, height, channels, data } = await kept(await readFile(join(FILES, name)));
    assert.deepEqual([height, width, ...(channels === 3 ? [3] : [])], shape, name);
    assert.equal(
      createHash("sha256")
        .update(new Uint8Array(Uint16Array.from(data).buffer))
        .digest("hex"),
      sha256,
      name,
    );
  }
});

test("images of one patient are one group, whose name says nothing of them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "patients-"));
  try {
    for (const [index, patient] of ["P1", "P2", "P1"].entries())
      await writeFile(join(folder, `${index}.dcm`), grey(Uint16Array.of(1, 2, 3, 4000), [], EXPLICIT, patient));
    const opened = await image.open(folder);
    const source = await image.reopen(structuredClone(opened.manifest), image.options.parse(await image.infer(opened)));
    for (const { group } of [opened, source]) {
      const groups = [0, 1, 2].map((index) => group?.(index));
      assert.equal(groups[0], groups[2]);
      assert.notEqual(groups[0], groups[1]);
      assert.doesNotMatch(groups.join(), /P1|P2/);
    }
    assert.equal(((await source.read(0)) as Image).data[3], 4000);
    await opened.close();
    await source.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("run lengths are undone: literals, repeats, and nothing for 128", () => {
  const packed = Uint8Array.of(2, 7, 8, 9, 254, 5, 128, 0, 1);
  assert.deepEqual(unpackBits(packed, 7), Uint8Array.of(7, 8, 9, 5, 5, 5, 1));
  assert.equal(unpackBits(packed, 8), undefined);
  assert.equal(unpackBits(Uint8Array.of(254), 3), undefined);
});
