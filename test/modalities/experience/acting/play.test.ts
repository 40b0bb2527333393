import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as z from "zod";
import { type Environment, environment, type Policy } from "../../../../src/environments/environment.ts";
import { box } from "../../../../src/environments/space.ts";
import { UserError } from "../../../../src/foundation/errors.ts";
import { act } from "../../../../src/modalities/experience/acting/act.ts";
import { play } from "../../../../src/modalities/experience/acting/play.ts";
import { decode } from "../../../../src/pixels/decode/decode.ts";

/** Three guesses of a number that the seed decides; the robot believes that it is right more often than it is. */
class Guess implements Environment {
  readonly observationSpace = { number: box([1], 0, 1) };
  readonly actionSpace = box([1], 0, 1);
  moment?: (() => void) | undefined;
  #number = 0;
  #step = 0;
  reset(seed: number) {
    this.#number = (seed % 1000) / 1000;
    this.#step = 0;
    return { number: Float32Array.of(this.#number) };
  }
  step([guess = 0]: Float32Array) {
    this.#step += 1;
    for (let moment = 0; moment < 4; moment++) this.moment?.();
    const distance = Math.abs(guess - this.#number);
    const info = { felt: distance < 0.5 ? 1 : 0, right: distance < 0.1 ? 1 : 0 };
    const observation = { number: Float32Array.of(this.#number) };
    return { observation, reward: 1 - distance, terminated: this.#step === 3, truncated: false, info };
  }
  save = () => Float64Array.of(this.#number, this.#step);
  restore([number = 0, step = 0]: Float64Array) {
    [this.#number, this.#step] = [number, step];
  }
  render = (width: number, height: number) => new Uint8Array(width * height * 3).fill(Math.round(this.#number * 255));
  [Symbol.dispose]() {}
}
const knowing: Policy = { act: ({ number }) => number! };
const halfway: Policy = { act: () => Float32Array.of(0.5) };
const definition = environment({
  ...{ name: "guess", summary: "guess", source: "here", options: z.object({}) },
  ...{ success: "felt", truth: "right" },
  make: async () => new Guess(),
  baselines: { halfway: () => halfway },
});

test("episodes are told by their returns, their lengths, and success in truth", async () => {
  const options = { environment: new Guess(), definition, episodes: 30, seed: 3 };
  const known = await play({ ...options, policy: knowing });
  assert.ok(known.returns.every((total) => Math.abs(total - 3) < 1e-6));
  assert.deepEqual(new Set(known.lengths), new Set([3]));
  assert.ok(known.successes?.every(Boolean));
  const guessed = await play({ ...options, policy: halfway });
  const right = guessed.successes!.filter(Boolean).length;
  assert.ok(right > 0 && right < 15, String(right));
  assert.ok(guessed.ends.filter(({ felt }) => felt === 1).length > right);
});

test("all act in the same episodes: those of the seed, whoever acted before", async () => {
  const first: number[] = [];
  const again: number[] = [];
  const episodes = (seen: number[], seed: number) =>
    play({
      ...{ environment: new Guess(), definition, policy: halfway, episodes: 5, seed },
      onStart: (_, { number }) => seen.push(number![0]!),
    });
  await episodes(first, 1);
  await episodes(again, 1);
  assert.deepEqual(first, again);
  assert.equal(new Set(first).size, 5);
  again.length = 0;
  await episodes(again, 2);
  assert.notDeepEqual(first, again);
  const stop = new AbortController();
  const stopped = await play({
    ...{ environment: new Guess(), definition, policy: halfway, episodes: 50, seed: 1, signal: stop.signal },
    onEpisode: (done) => done === 4 && stop.abort(),
  });
  assert.equal(stopped.returns.length, 4);
});

test("act: beside chance and the controllers of the environment, with a film of the moments", async () => {
  const folder = await mkdtemp(join(tmpdir(), "act-"));
  try {
    const video = join(folder, "guess.webp");
    const actor = { name: "it", policy: knowing };
    const asked = { definition, options: {}, actor, episodes: 4 };
    const actors = await act({ ...asked, video, filmed: 2 });
    assert.deepEqual(
      actors.map(({ name }) => name),
      ["it", "random", "halfway"],
    );
    const plain = await act(asked);
    assert.deepEqual(plain, actors);
    const { width, height } = await decode(await readFile(video));
    assert.deepEqual([width, height], [256, 256]);
    assert.deepEqual((await act({ ...asked, compare: false })).length, 1);
    await assert.rejects(act({ ...asked, video: join(folder, "guess.mp4") }), UserError);
  } finally {
    await rm(folder, { recursive: true });
  }
});
