import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { BrokenSample } from "../../../src/foundation/errors.ts";
import { decode } from "../../../src/pixels/decode/decode.ts";
import { formatOf, hasImageName, wantedImages } from "../../../src/pixels/decode/formats.ts";

const solid = () => sharp({ create: { width: 8, height: 8, channels: 3, background: "#336699" } });

test("the formats that are decoded are known by their first bytes", async () => {
  const files = {
    JPEG: solid().jpeg(),
    PNG: solid().png(),
    WebP: solid().webp(),
    GIF: solid().gif(),
    TIFF: solid().tiff(),
    AVIF: solid().avif({ effort: 0 }),
  };
  for (const [format, file] of Object.entries(files)) {
    const bytes = await file.toBuffer();
    assert.equal(formatOf(bytes), format);
    assert.equal((await decode(bytes)).width, 8);
  }
});

test("nothing else is rendered, whatever its name, and its own format is the reason", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  const cases: [string | Uint8Array, RegExp][] = [
    [svg, /SVG, not decodable here/],
    [`<?xml version="1.0"?>\n<!DOCTYPE svg>\n${svg}`, /SVG, not decodable here/],
    ["%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", /PDF, not an image/],
    ["\0\0\0\x18ftypheic\0\0\0\0mif1heic", /HEIC, not decodable here: convert to JPEG or PNG/],
    ["BM\x36\0\0\0\0\0\0\0\x36\0\0\0", /BMP, not decodable here/],
    ["8BPS\0\x01", /Photoshop, not/],
    ["P6\n2 2\n255\n\0\0\0", /PPM, not/],
    ["PK\x03\x04\0\0", /zip archive, not an image/],
    ["hello, world", /text, not an image/],
    [new Uint8Array(0), /empty file/],
    [Uint8Array.of(1, 2, 3, 4, 5, 6, 7), /unsupported image format/],
  ];
  for (const [contents, pattern] of cases) {
    const bytes = typeof contents === "string" ? Buffer.from(contents, "latin1") : contents;
    await assert.rejects(
      decode(bytes),
      (error: unknown) => error instanceof BrokenSample && pattern.test(error.message),
      String(pattern),
    );
  }
});

test("the same words are used for files that are left out by their names", () => {
  assert.equal(wantedImages.takes("a/B.JPG"), true);
  assert.equal(wantedImages.takes("notes.txt"), false);
  assert.deepEqual(wantedImages.takes("IMG_1.HEIC"), {
    what: "HEIC",
    advice: "not decodable here: convert to JPEG or PNG",
  });
});

test("an image is told by the ending of its name, which a name without a dot does not have", () => {
  assert.deepEqual(["a/b.PNG", "b.jpeg", "png", "a red png", "b.txt"].map(hasImageName), [
    true,
    true,
    false,
    false,
    false,
  ]);
});
