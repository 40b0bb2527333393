import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { decodeMask } from "../../../src/pixels/decode/mask.ts";

const { masks, refused } = JSON.parse(
  await readFile(new URL("../../fixtures/torch/dense.json", import.meta.url), "utf8"),
) as {
  readonly masks: readonly { readonly what: string; readonly png: string; readonly values: readonly number[] }[];
  readonly refused: Readonly<Record<"colours" | "deep", string>>;
};
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));

test("a mask has a palette's indices and levels of grey as Pillow wrote them, whatever the colours", async () => {
  for (const { what, png, values } of masks) {
    const { width, height, data } = await decodeMask(bytesOf(png));
    assert.deepEqual([width, height, [...data]], [5, 3, values], what);
    // As files are read: a part of a larger buffer, which stays as it is.
    const file = Buffer.from(png, "base64");
    assert.deepEqual([...(await decodeMask(file)).data], values, what);
    assert.equal(file.toString("base64"), png);
  }
});

test("what is no mask is refused, and says why", async () => {
  const rejected = (bytes: Uint8Array, message: RegExp) =>
    assert.rejects(decodeMask(bytes), { name: "BrokenSample", message });
  await rejected(bytesOf(refused.colours), /colours/);
  await rejected(bytesOf(refused.deep), /16 bits a pixel/);
  await rejected(Uint8Array.from([0xff, 0xd8, 0xff]), /not a PNG/);
  const cut = bytesOf(masks[3]!.png);
  await rejected(cut.subarray(0, cut.length - 30), /not a decodable PNG/);
});
