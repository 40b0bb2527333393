import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Rng } from "../../src/array/rng.ts";
import { sizeOf } from "../../src/array/tensor.ts";
import { offerOf } from "../../src/data/ability.ts";
import type { ModalityDefinition, TensorRecord } from "../../src/data/modality.ts";
import { drawing } from "../../src/data/picture.ts";
import { distortions, reverse, segments, speed } from "../../src/data/time.ts";
import { augment, crop, perturb } from "../../src/data/views.ts";
import { axesOf, reads } from "../../src/encoders/encoder.ts";
import { publisherOf } from "../../src/evaluation/smaller/export-run.ts";
import { BrokenSample, UserError } from "../../src/foundation/errors.ts";
import { exportRun, pretrain } from "../../src/index.ts";
import { openExported } from "../../src/interop/exported-model.ts";
import type { FrozenRun } from "../../src/methods/frozen.ts";
import { methods } from "../../src/methods/index.ts";
import type { MethodDefinition } from "../../src/methods/method.ts";
import { embedder, stack } from "../../src/training/features.ts";
import { assertWithoutJax } from "./imports.ts";
import { candidatesOf, learn, SETTLED, suits, tinyOptions } from "./learns.ts";
import { type Call, calling, type Opened, openSpecimen, type Specimen } from "./specimen.ts";
import { assertTwoPaths } from "./two-paths.ts";

/** Abilities that any kind of data may have, and how they are called. */
const shared: readonly Call[] = [
  calling(augment, (view, sample, rng) => [view(sample, rng, 0), view(sample, rng, 1)]),
  calling(perturb, (view, sample, rng) => [view(sample, rng)]),
  calling(crop, (view, sample, rng) => [view(sample, rng, { extent: 1 }, 0), view(sample, rng, { extent: 0.5 }, 2)]),
  calling(segments, (cut, sample, rng) =>
    cut(sample, rng, { count: 3, extent: 0.25, gap: [0, 0.1] }).map(({ segment }) => segment),
  ),
  calling(reverse, (backwards, sample) => [backwards(sample)]),
  calling(speed, (play, sample, rng) => [play(sample, rng, 1, { extent: 0.5 }), play(sample, rng, 2, { extent: 0.5 })]),
  calling(distortions, ({ names, distort }, sample, rng) => names.map((name) => distort(sample, rng, name))),
];

/**
 * What the library expects of every kind of data, as tests: call it at the top of a test file. It takes seconds.
 * @param prepare writes a specimen of the data into an empty folder
 */
export function conform(definition: ModalityDefinition, prepare: (folder: string) => Promise<Specimen>): void {
  describe(`${definition.name} is a kind of data as the library has them`, () => {
    let folder = "";
    let specimen: Specimen;
    let opened: Opened;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "autodidact-conform-"));
      specimen = await prepare(folder);
      opened = await openSpecimen(definition, specimen);
    });
    after(async () => {
      await opened?.close();
      await rm(folder, { recursive: true, force: true });
    });

    test("it recognises its own data and nothing else's", async () => {
      assert.ok(await definition.recognises(specimen.data), specimen.data);
      for (const other of specimen.others) assert.equal(await definition.recognises(other), undefined, other);
    });

    test("a broken entry is a BrokenSample and nothing else, and the others are read", async () => {
      const source = await definition.open(specimen.broken);
      const reasons: string[] = [];
      for (let index = 0; index < source.length; index++)
        await source.read(index).catch((error: unknown) => {
          assert.ok(error instanceof BrokenSample, `${source.name(index)}: ${error}`);
          reasons.push(error.message);
        });
      await source.close();
      assert.ok(
        reasons.length > 0 && reasons.length < source.length,
        `${reasons.length} of ${source.length} are broken`,
      );
      for (const reason of reasons) assert.match(reason, /^[^\n]+$/);
    });

    test("what tensors gives is what specs say, the same every time", () => {
      for (const sample of opened.samples) {
        const tensors = opened.modality.tensors(sample);
        assertFits(tensors, opened, "exactly");
        assert.ok(isDeepStrictEqual(opened.modality.tensors(sample), tensors));
        for (const [name, { data }] of Object.entries(tensors)) assert.ok(data.every(Number.isFinite), name);
      }
      const specs = Object.entries(opened.modality.specs);
      assert.ok(specs.length > 0);
      // A kind that can be read in several ways has one of its inputs at a time.
      for (const [name, { shape }] of specs) assert.equal(shape.length, definition.inputs[name], name);
    });

    test("a source that is opened again from its manifest reads the same", async () => {
      for (const source of new Set([opened.source, opened.arranged])) {
        const again = await definition.reopen(structuredClone(source.manifest), opened.options);
        assert.deepEqual([again.length, again.classes, again.labels], [source.length, source.classes, source.labels]);
        for (const index of [0, source.length - 1]) {
          assert.equal(again.name(index), source.name(index));
          const [one, other] = [await again.read(index), await source.read(index)];
          assert.ok(isDeepStrictEqual(opened.modality.tensors(one), opened.modality.tensors(other)), again.name(index));
        }
        await again.close();
      }
    });

    test("data at two paths are read as one", async () => {
      const second = await mkdtemp(join(tmpdir(), "autodidact-conform-"));
      await assertTwoPaths(definition, specimen, second).finally(() => rm(second, { recursive: true, force: true }));
    });

    test("it offers what it says, and nothing that it does not say", () => {
      const names = definition.abilities.map(({ name }) => name);
      for (const { name } of shared) assert.equal(name in opened.modality, names.includes(name), name);
      const { input, draw } = offerOf(opened.modality, drawing) ?? {};
      if (!input || !draw) return;
      const picture = draw(opened.modality.tensors(opened.samples[0])[input]!);
      assert.equal(picture?.rgb.length, 3 * (picture?.width ?? 0) * (picture?.height ?? 0));
    });

    // Tensors are compared by `isDeepStrictEqual`: what `deepEqual` says of arrays that differ takes minutes to write.
    test("views depend on the generator alone, and fit what the encoder reads", () => {
      const { modality, samples } = opened;
      for (const { name, call } of [...shared, ...(specimen.calls ?? [])]) {
        const views = (seed: number) =>
          samples.flatMap((sample, at) =>
            call(modality, sample, new Rng(seed).split(at)).map((view) => modality.tensors(view)),
          );
        const first = views(1);
        if (first.length === 0) continue;
        for (const view of first)
          assertFits(view, opened, name === "augment" || name === "perturb" ? "exactly" : "cut");
        assert.ok(isDeepStrictEqual(views(1), first), `${name}: other bits at the same seed`);
        const untouched = samples.map((sample) => modality.tensors(sample));
        // What changes nothing, or always the same, needs no generator.
        if (isDeepStrictEqual(first, untouched) || name === "reverse") continue;
        assert.ok(!isDeepStrictEqual(views(2), first), `${name}: the same bits at another seed`);
      }
    });

    test("segments lie in order of time and where they say; played backwards twice, a sample is as it was", () => {
      const { modality, samples } = opened;
      const [cut, turned, play] = [
        offerOf(modality, segments),
        offerOf(modality, reverse),
        offerOf(modality, speed),
      ] as const;
      const sample = samples[0];
      if (cut) {
        const options = { count: 2, extent: 0.5, gap: [-0.25, -0.25] } as const;
        const [first, second] = cut(sample, new Rng(3), options);
        assert.ok(first && second);
        for (const { start, end } of [first, second])
          assert.ok(Math.abs(end - start - 0.5) < 0.1, `${start} to ${end}`);
        assert.ok(Math.abs(second.start - first.start - 0.25) < 0.05, `${first.start}, ${second.start}`);
        const shapes = [first, second].map(({ segment }) =>
          Object.values(modality.tensors(segment)).map(({ shape }) => [...shape]),
        );
        assert.deepEqual(shapes[0], shapes[1]);
      }
      if (turned) {
        const once = modality.tensors(turned(sample));
        assert.ok(!isDeepStrictEqual(once, modality.tensors(sample)), "backwards it is the same");
        assert.ok(isDeepStrictEqual(modality.tensors(turned(turned(sample))), modality.tensors(sample)));
      }
      if (play) {
        const parts = [1, 2].map((factor) => modality.tensors(play(sample, new Rng(3), factor, { extent: 0.5 })));
        const [slow, fast] = parts.map((tensors) => Object.values(tensors).map(({ shape }) => [...shape]));
        assert.deepEqual(slow, fast);
        assert.ok(!isDeepStrictEqual(parts[0], parts[1]), "faster it is the same");
      }
    });

    test("show, size and group answer", async () => {
      for (const [at, sample] of opened.samples.entries()) {
        const { text, picture } = await opened.modality.show(sample);
        assert.match(text, /^[^\n\r]{1,300}$/, `sample ${at}`);
        if (picture) assert.equal(picture.rgb.length, 3 * picture.width * picture.height);
        const { amount, unit } = definition.size(sample);
        assert.ok(Number.isFinite(amount) && amount > 0 && unit.length > 0, `${amount} ${unit}`);
      }
      assert.equal(typeof (await definition.group?.(opened.source, 0)), definition.group ? "string" : "undefined");
    });

    test("what it infers are options that it has, also where the first sample is broken", async () => {
      const broken = await definition.open(specimen.broken);
      for (const source of [opened.source, broken]) {
        const inferred = await definition.infer(source);
        assert.ok(definition.options.strict().safeParse(inferred).success, JSON.stringify(inferred));
      }
      await broken.close();
    });

    test("its baseline has a name and gives every sample a vector", async () => {
      const { source, modality } = opened;
      const baseline = await definition.baseline(modality, source, { most: source.length });
      const { data, rows, dim } = await baseline.extract(source);
      assert.match(baseline.name, /^\S.*$/);
      assert.deepEqual([rows, data.length], [source.length, rows * dim]);
      assert.ok(data.every(Number.isFinite));
    });

    test("it reaches no jax-js, which its samples' threads do without", () => assertWithoutJax(specimen.file));

    test("every method whose needs are met learns, or says why not", async (t) => {
      // A kind that can be read in several ways is here read in one, and offers what that has.
      const candidates = (await candidatesOf(definition, specimen)).filter((candidate) =>
        reads(candidate.definition, axesOf(opened.modality.specs)),
      );
      const isOffered = ({ needs }: MethodDefinition) =>
        needs.every(({ by, name }) => by !== "modality" || name in opened.modality);
      const all = (await methods.all()).filter(isOffered);
      const runs: Record<string, FrozenRun> = {};
      // Those that build on another's run come after it.
      for (const method of [...all.filter((one) => !one.runs), ...all.filter((one) => one.runs)]) {
        const able = candidates.filter((candidate) => suits(method, definition, candidate));
        if (able.length === 0) continue;
        await t.test(method.name, async () => {
          const refused = specimen.refused?.[method.name];
          if (refused) {
            await assert.rejects(learn(method, opened, able, runs), (error) => {
              assert.ok(error instanceof UserError, String(error));
              assert.match(error.message, refused);
              return true;
            });
            return;
          }
          const { losses, run } = await learn(method, opened, able, runs);
          if (method.name === "vq-autoencoder") runs.visualTokenizer = run;
          runs.teacher ??= run;
          assert.ok(losses.every(Number.isFinite), `losses ${losses}`);
          const [first = 0] = losses.slice(SETTLED[method.name] ?? 0);
          const last = losses.slice(-3).reduce((sum, loss) => sum + loss / 3, 0);
          assert.ok(first - last > 0.02 * Math.abs(first), `losses ${losses}`);
        });
      }
    });

    test("an exported encoder gives the vectors that the run gives", async () => {
      const method = await methods.load(definition.defaultMethod);
      const able = (await candidatesOf(definition, specimen)).find((candidate) => suits(method, definition, candidate));
      assert.ok(able, `no encoder for ${method.name}`);
      const run = await pretrain({
        ...{ data: specimen.data, out: join(folder, "run"), modality: pathOf(specimen.file), encoder: able.name },
        method: method.name,
        options: tinyOptions(method),
        encoderOptions: { ...able.options },
        modalityOptions: { ...specimen.options },
        training: { epochs: 1, batchSize: 8, workers: 0, threads: 1 },
      });
      const out = join(folder, "export");
      const { files } = await exportRun({ run, out });
      for (const file of files) assert.ok((await readFile(join(out, file))).length > 0, file);
      const card = await readFile(join(out, "README.md"), "utf8");
      for (const [, name = ""] of card.matchAll(/`([\w./]+\.(?:json|onnx|safetensors))`/g))
        assert.ok(files.includes(name), `the card names ${name}, which is not there`);
      const rows = opened.samples.slice(0, 4).map((sample) => run.modality.tensors(sample));
      const compiled = await embedder(run.encoder, run.params, run.modality, { batchSize: rows.length });
      const expected = await compiled.embed(rows);
      await compiled.dispose();
      const file = await openExported(await readFile(join(out, "model.onnx")), await publisherOf(definition));
      const { data } = await file.vectors(file.feeds(stack(rows, rows.length)));
      await file.dispose();
      const farthest = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - data[at]!)), 0);
      assert.ok(farthest < 1e-4, `vectors differ by ${farthest}`);
    });
  });
}

export const pathOf = (file: string | URL): string => (file instanceof URL ? fileURLToPath(file) : file);

/** Every input of its type and axes; of views that show a part, no extent is larger than usual. */
function assertFits(tensors: TensorRecord, { modality: { specs } }: Opened, how: "exactly" | "cut"): void {
  assert.deepEqual(Object.keys(tensors).sort(), Object.keys(specs).sort());
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const spec = specs[name]!;
    assert.equal(dtype, spec.dtype, name);
    assert.equal(data.length, sizeOf(shape), name);
    if (how === "exactly") assert.deepEqual([...shape], [...spec.shape], name);
    else
      assert.ok(
        shape.length === spec.shape.length && shape.every((extent, axis) => extent <= spec.shape[axis]!),
        `${name} ${shape}`,
      );
  }
}
