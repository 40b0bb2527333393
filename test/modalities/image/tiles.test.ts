import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../../src/array/rng.ts";
import type { TileOptions } from "../../../src/modalities/image/abilities.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { bytesOf, type Image, withChannels } from "../../../src/pixels/image.ts";

/** Red is the column, green the row: a tile's place can be read off its pixels. */
const map = (size: number): Image => ({
  width: size,
  height: size,
  channels: 3,
  data: Uint8Array.from({ length: 3 * size * size }, (_, at) => {
    const [pixel, channel] = [Math.floor(at / 3), at % 3];
    return channel === 0 ? pixel % size : channel === 1 ? Math.floor(pixel / size) : 100;
  }),
});

function cut(size: number, options: TileOptions, seed = 0, sample: Image = map(size)) {
  const { tiles } = image.build(image.options.parse({ imageSize: size, flip: 0, cropScale: [1, 1] }));
  assert.ok(tiles);
  // A crop of the whole area with an aspect of exactly 1 is rare; without one, it is the centre: the whole square.
  return tiles(sample, new Rng(seed), options);
}

/** Top left corner and side of a tile of `map`, checked at every pixel. */
function placeOf(tile: Image): { left: number; top: number; side: number } {
  const [left, top] = [tile.data[0]!, tile.data[1]!];
  for (let y = 0; y < tile.height; y++)
    for (let x = 0; x < tile.width; x++) {
      const at = 3 * (y * tile.width + x);
      assert.deepEqual([...tile.data.slice(at, at + 3)], [left + x, top + y, 100]);
    }
  assert.equal(tile.width, tile.height);
  return { left, top, side: tile.width };
}

for (const [size, rows, columns, share, side] of [
  [225, 3, 3, 64 / 75, 64],
  [32, 2, 2, 14 / 16, 14],
  [48, 4, 2, 0.5, 6],
  [36, 3, 3, 1, 12],
] as const)
  test(`${rows} × ${columns} tiles of ${size} pixels: each ${side} wide and within its cell, so that none overlap`, () => {
    const places = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const tiles = cut(size, { rows, columns, share }, seed);
      assert.equal(tiles.length, rows * columns);
      tiles.forEach((tile, index) => {
        const place = placeOf(tile);
        assert.equal(place.side, side);
        const [down, across] = [Math.floor(size / rows), Math.floor(size / columns)];
        const [top, left] = [Math.floor(index / columns) * down, (index % columns) * across];
        assert.ok(place.top >= top && place.top + side <= top + down, `tile ${index}: ${JSON.stringify(place)}`);
        assert.ok(place.left >= left && place.left + side <= left + across, `tile ${index}: ${JSON.stringify(place)}`);
        places.add(`${place.top - top} ${place.left - left}`);
      });
    }
    // Tiles that fill their cells have one place; the others wander about, to both edges.
    if (share === 1) assert.deepEqual([...places], ["0 0"]);
    else
      for (const corner of ["0 0", `${Math.floor(size / rows) - side} ${Math.floor(size / columns) - side}`])
        if (size < 200) assert.ok(places.has(corner), `${corner} of ${[...places]}`);
  });

test("jitter bounds a tile's distance from the centre of its cell; without it the tile is centred", () => {
  for (const [jitter, reach] of [
    [0, 0],
    [1 / 12, 1],
  ] as const)
    for (let seed = 0; seed < 20; seed++)
      cut(36, { rows: 3, columns: 3, share: 0.5, jitter }, seed).forEach((tile, index) => {
        const { top, left } = placeOf(tile);
        assert.ok(Math.abs(top - 12 * Math.floor(index / 3) - 3) <= reach);
        assert.ok(Math.abs(left - 12 * (index % 3) - 3) <= reach);
      });
});

test("sides are multiples of the patch size if given, and too many tiles are refused", () => {
  for (const tile of cut(32, { rows: 2, columns: 2, share: 14 / 16, multipleOf: 4 })) assert.equal(tile.width, 12);
  assert.throws(() => cut(32, { rows: 16, columns: 16, share: 1, multipleOf: 4 }), {
    name: "UserError",
    message: /sides of 0; they need at least 6; use fewer tiles/,
  });
  assert.throws(() => cut(16, { rows: 3, columns: 3, share: 64 / 75 }), { name: "UserError", message: /sides of 4/ });
  for (const tile of cut(28, { rows: 3, columns: 3, share: 64 / 75 })) assert.equal(tile.width, 7);
});

test("the same seed cuts the same tiles; grey tiles have no colours", () => {
  const options = { rows: 3, columns: 3, share: 0.6, channelShift: 2, dropColours: 0.5, pixelate: 0.5, greyscale: 0.3 };
  assert.deepEqual(cut(36, options, 5), cut(36, options, 5));
  assert.notDeepEqual(cut(36, options, 5), cut(36, options, 6));
  for (const { data } of cut(36, { rows: 3, columns: 3, share: 1, greyscale: 1 }))
    for (let at = 0; at < data.length; at += 3) assert.ok(data[at] === data[at + 1] && data[at] === data[at + 2]);
});

test("each channel is shifted by its own offset", () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 30; seed++)
    for (const tile of cut(36, { rows: 3, columns: 3, share: 0.5, jitter: 0, channelShift: 2 }, seed).slice(4, 5)) {
      // The middle tile starts at 15, 15: red is the column that it was read from, green the row.
      for (const channel of [0, 1]) {
        const shift = tile.data[channel]! - 15;
        assert.ok(Math.abs(shift) <= 2, `${shift}`);
        seen.add(shift);
      }
    }
  assert.deepEqual([...seen].sort(), [-2, -1, 0, 1, 2].map(Number).sort());
});

test("dropped colours: one channel stays as it was, the others are flat around the mean", () => {
  const kept = new Set<number>();
  const options = { rows: 2, columns: 2, share: 1 };
  for (let seed = 0; seed < 20; seed++) {
    const before = cut(32, options, seed);
    cut(32, { ...options, dropColours: 1 }, seed).forEach(({ data }, index) => {
      const same = [0, 1, 2].filter((channel) =>
        data.every((value, at) => at % 3 !== channel || value === before[index]!.data[at]),
      );
      assert.equal(same.length, 1);
      kept.add(same[0]!);
      // ImageNet's means of 0.485, 0.456 and 0.406.
      data.forEach((value, at) => {
        if (at % 3 !== same[0]) assert.ok(Math.abs(value - [124, 116, 104][at % 3]!) <= 3, `${value}`);
      });
    });
  }
  assert.deepEqual([...kept].sort(), [0, 1, 2]);
});

test("pixelated tiles keep their size and lose detail", () => {
  const stripes: Image = {
    ...map(96),
    data: Uint8Array.from({ length: 96 * 96 * 3 }, (_, at) => 255 * ((at / 3) & 1)),
  };
  const contrast = (tile: Image) =>
    bytesOf(tile).reduce((sum, value) => sum + Math.abs(value - 127), 0) / tile.data.length;
  const options = { rows: 2, columns: 2, share: 1 };
  const [sharp, blurred] = [cut(96, options, 0, stripes), cut(96, { ...options, pixelate: 1 }, 0, stripes)];
  const mean = (tiles: Image[]) => tiles.reduce((sum, tile) => sum + contrast(tile) / tiles.length, 0);
  assert.deepEqual(
    blurred.map(({ width }) => width),
    [48, 48, 48, 48],
  );
  assert.ok(mean(blurred) < 0.8 * mean(sharp), `${mean(blurred)} of ${mean(sharp)}`);
});

test("grey images have tiles too", () => {
  const { tiles } = image.build(image.options.parse({ imageSize: 32, channels: 1 }));
  const options = { rows: 2, columns: 2, share: 0.9, dropColours: 1, greyscale: 1, channelShift: 1 };
  for (const tile of tiles!(withChannels(map(32), 1), new Rng(0), options)) assert.equal(tile.channels, 1);
});
