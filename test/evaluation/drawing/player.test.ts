import assert from "node:assert/strict";
import { test } from "node:test";
import { pageOf } from "../../../src/evaluation/drawing/player.ts";

const picture = { width: 2, height: 1, rgb: Uint8Array.from([255, 0, 0, 0, 0, 255]) };
const media = (type: string, length: number) => () => ({ type, bytes: new Uint8Array(length) });

test("a sound has a player, a clip too, and what moves by itself is an image", async () => {
  const onPage = pageOf();
  const { image, player } = await onPage({ text: "1 s", picture, media: media("audio/wav", 3) });
  assert.match(image ?? "", /^data:image\/png;base64,/);
  assert.equal(player, '<audio controls preload="none" src="data:audio/wav;base64,AAAA"></audio>');
  assert.match((await onPage({ text: "", media: media("video/webm", 3) })).player ?? "", /^<video controls/);
  assert.match((await onPage({ text: "", media: media("image/webp", 3) })).player ?? "", /^<img src/);
  assert.deepEqual(await onPage({ text: "a line" }), { text: "a line" });
});

test("a page holds only so many megabytes of sounds; later samples have their pictures alone", async () => {
  const onPage = pageOf();
  let played = 0;
  for (let at = 0; at < 30; at++) {
    const { image, player } = await onPage({ text: "", picture, media: media("audio/wav", 2 ** 20) });
    assert.ok(image);
    played += player ? 1 : 0;
  }
  assert.equal(played, 6);
});
