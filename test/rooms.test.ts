/** The walls of the house. Each is a function of paths and texts, and is shown to fall before it is held against src/. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { modalities } from "../src/data/index.ts";
import { type Files, sources } from "./support/walls/files.ts";
import { circles, idle, intruders, missteps, type Rooms, reaching } from "./support/walls/imports.ts";
import { crowded, long, mentions, unregistered } from "./support/walls/texts.ts";

const page = ["array", "data", "encoders", "layers", "objectives"];
const kind = [...page, "engine", "environments", "evaluation", "graphs", "interop", "methods", "pixels", "training"];
const judge = ["array", "data", "encoders", "engine", "interop", "training", "evaluation/scores", "evaluation/vectors"];

/** Which rooms a room may import, beside itself and the foundation; docs/README.md has the same in words. */
const rooms: Rooms = {
  foundation: { imports: [] },
  array: { imports: [] },
  engine: { imports: ["array", "engine"] },
  "engine/passes": { imports: ["array", "engine/"] },
  "engine/lower": { imports: ["array", "engine/"] },
  "engine/runtimes": { imports: ["array", "engine/", "engine/lower"] },
  "engine/quantize": { imports: ["array", "engine/lower", "engine/runtimes"] },
  layers: { imports: ["array"] },
  objectives: { imports: ["array"] },
  data: {
    imports: ["array", "data/files", "data/parts", "data/paths", "data/tables", "data/targets", "data/tokens"],
    types: ["interop/publisher.ts"],
  },
  "data/files": { imports: [] },
  "data/parts": { imports: ["data/", "data/paths", "data/tables"] },
  "data/paths": { imports: ["data/", "data/files"] },
  "data/tables": { imports: ["data/", "data/files"] },
  "data/tokens": { imports: ["array", "data/"] },
  "data/signal": { imports: [] },
  "data/targets": { imports: ["data/"] },
  graphs: { imports: ["array"], types: ["data"] },
  environments: { imports: ["array", "environments"] },
  "environments/mujoco": { imports: ["array", "environments/"] },
  agents: { imports: [...page, "environments", "agents/parts"] },
  "agents/parts": { imports: [...page, "environments"], types: ["agents/agent.ts"] },
  encoders: { imports: ["array", "data", "layers"] },
  methods: { imports: [...page, "methods/parts", "methods/parts/graphs"] },
  "methods/parts": { imports: page, types: ["methods/method.ts", "methods/recipe.ts"] },
  "methods/parts/graphs": { imports: [...page, "graphs", "methods/parts/graphs"] },
  interop: { imports: ["array", "engine", "interop/huggingface"], types: ["data", "encoders"] },
  "interop/hub": { imports: ["interop/"] },
  pixels: { imports: ["array", "data/files"] },
  "pixels/transforms": { imports: ["array", "pixels/"] },
  "pixels/decode": { imports: ["data/files", "data/targets", "interop/sharp.ts", "pixels/", "pixels/transforms"] },
  "interop/huggingface": { imports: ["array"], types: ["data", "encoders", "interop/"] },
  modalities: { imports: [...kind, "modalities"] },
  // A kind's pages are held to what the other pages are, and what workers load opens samples and changes them.
  "modalities/*/methods": { imports: [...page, "graphs", "methods", "modalities", "pixels"] },
  "modalities/*/sources": { imports: ["data", "graphs", "modalities", "pixels"], types: ["environments"] },
  "modalities/*/transforms": { imports: ["array", "data", "graphs", "modalities", "pixels"] },
  // A kind's commands are the command line's, and have its helpers; what the kind itself does needs none of them.
  "modalities/*/commands": { imports: [...kind, "modalities", "cli/", "cli/language"] },
  training: { imports: [...page, "engine", "interop", "methods", "training"] },
  "training/agents": {
    imports: [
      ...page,
      "agents",
      "engine",
      "environments",
      "interop",
      "training/loop",
      "training/optimizers",
      "training/run",
    ],
  },
  "training/optimizers": { imports: ["array"] },
  "training/data": { imports: ["array", "data", "training/", "training/run"], types: ["methods"] },
  "training/run": { imports: [...page, "engine", "interop", "methods", "training/"] },
  "training/probe": {
    imports: ["array", "data", "evaluation/scores", "evaluation/vectors", "training/", "training/data", "training/run"],
    types: ["training/loop"],
  },
  "training/loop": {
    imports: ["array", "data", "engine", "interop", "training/", "training/data", "training/run"],
    types: ["methods"],
  },
  "evaluation/scores": { imports: ["data"] },
  "evaluation/vectors": {
    imports: ["array", "data", "engine", "interop", "objectives", "training/data", "evaluation/scores"],
    types: ["encoders"],
  },
  "evaluation/drawing": { imports: ["data", "interop", "evaluation/vectors"], types: ["training/run/metrics.ts"] },
  "evaluation/agents": {
    imports: ["array", "environments", "training", "training/agents", "evaluation/returns", "evaluation/scores"],
  },
  "evaluation/returns": { imports: ["array", "evaluation/drawing"] },
  "evaluation/labels": { imports: judge, types: ["methods"] },
  "evaluation/worth": { imports: [...judge, "layers", "evaluation/drawing", "evaluation/labels"] },
  "evaluation/label-efficiency": {
    imports: [...judge, "evaluation/drawing", "evaluation/labels", "evaluation/returns", "evaluation/worth"],
  },
  "evaluation/collection": {
    imports: [...judge, "evaluation/drawing", "evaluation/labels", "evaluation/retrieval"],
    types: ["methods"],
  },
  "evaluation/dense": {
    imports: [...judge, "data/files", "pixels/decode", "evaluation/drawing", "evaluation/labels", "evaluation/worth"],
  },
  "evaluation/language": { imports: [...judge, "evaluation/worth"], types: ["methods"] },
  "evaluation/retrieval": { imports: [...judge, "evaluation/drawing", "evaluation/labels", "evaluation/worth"] },
  "evaluation/smaller": { imports: [...judge, "layers", "evaluation/labels", "evaluation/worth"], types: ["methods"] },
  serving: { imports: ["array", "data", "training", "evaluation"] },
  // The whole library; and training's options by themselves, which `pretrain --help` shows without loading the rest.
  cli: { imports: ["index.ts", "training/run/config.ts"] },
};

/** The files whose dynamic imports may go into a kind's folder. */
const registries = ["cli/commands.ts", "cli/kinds.ts", "data/index.ts", "encoders/index.ts", "methods/index.ts"];

const src = await sources();
const small = (files: Readonly<Record<string, string>>): Files => new Map(Object.entries(files));

test("rooms import only what they may", () => {
  const table: Rooms = {
    array: { imports: [] },
    engine: { imports: ["array", "engine"] },
    "engine/lower": { imports: ["array/tensor.ts", "engine/"] },
    "kinds/*/sources": { imports: [], types: ["array"] },
  };
  const files = small({
    "array/tensor.ts": 'import { UserError } from "../foundation/errors.ts";',
    "array/rng.ts": 'import { compile } from "../engine/compile.ts";',
    "foundation/errors.ts": "",
    "engine/compile.ts": 'import { lower } from "./lower/index.ts";\nexport * from "../array/rng.ts";',
    "engine/lower/index.ts": 'import {\n  a,\n} from "../../array/rng.ts";\nimport { compile } from "../compile.ts";',
    "engine/passes/cse.ts": 'import { a } from "../../array/tensor.ts";',
    "kinds/image/sources/zip.ts":
      'import type { Tensor } from "../../../array/tensor.ts";\nimport "../../../array/rng.ts";',
    "new/room.ts": "",
    "index.ts": 'export { compile } from "./engine/compile.ts";',
  });
  assert.deepEqual(missteps(files, { ...table, foundation: { imports: [] } }), [
    "array/rng.ts imports engine/compile.ts, which array may not",
    "engine/lower/index.ts imports array/rng.ts, which engine/lower may not",
    "kinds/image/sources/zip.ts imports array/rng.ts, which kinds/*/sources may not",
    "new/room.ts: no row says what it may import",
  ]);
  assert.deepEqual(idle(files, { ...table, "engine/tiles": { imports: ["array/gone.ts"] } }), [
    "engine/tiles: nothing lies there",
    "array/gone.ts: nothing lies there",
  ]);

  assert.deepEqual(missteps(src, rooms), []);
  assert.deepEqual(idle(src, rooms), []);
});

test("docs/README.md has every room", async () => {
  const readme = await readFile(new URL("../docs/README.md", import.meta.url), "utf8");
  for (const room of new Set(Object.keys(rooms).map((name) => name.split("/")[0]!)))
    assert.ok(readme.includes(`| \`src/${room}/\` |`), room);
});

test("no circle of files, types counted", () => {
  const files = small({
    "a.ts": 'import { b } from "./b.ts";',
    "b.ts": 'export type { C } from "./c.ts";',
    "c.ts": 'import type { A } from "./a.ts";\nimport { d } from "./d.ts";',
    "d.ts": '// import { c } from "./c.ts";\nconst c = () => import("./c.ts");',
    "e.ts": 'import { e } from "./e.ts";',
  });
  assert.deepEqual(circles(files), [["a.ts", "b.ts", "c.ts"], ["e.ts"]]);

  assert.deepEqual(circles(src), []);
});

test("a kind's folder is imported by a registry's lines alone, and no kind imports another", () => {
  const files = small({
    "modalities/image/index.ts": 'import { pad } from "./pad.ts";\nimport { tokens } from "../text/index.ts";',
    "modalities/text/index.ts": "",
    "modalities/image/pad.ts": "",
    "data/index.ts": 'const lines = { image: () => import("../modalities/image/index.ts") };',
    "training/loop.ts": 'import type { Image } from "../modalities/image/index.ts";',
    "training/step.ts": 'const image = await import("../modalities/image/index.ts");',
    "methods/index.ts": 'export { image } from "../modalities/image/index.ts";',
  });
  assert.deepEqual(intruders(files, ["data/index.ts", "methods/index.ts"]), [
    "modalities/image/index.ts imports modalities/text/index.ts, and only a registry's line may",
    "training/loop.ts imports modalities/image/index.ts, and only a registry's line may",
    "training/step.ts imports modalities/image/index.ts, and only a registry's line may",
    "methods/index.ts imports modalities/image/index.ts, and only a registry's line may",
  ]);

  assert.deepEqual(intruders(src, registries), []);
});

test("what opens samples and changes them reaches no jax-js", () => {
  const files = small({
    "modalities/image/sources/zip.ts": 'import { a } from "../image.ts";',
    "modalities/image/sources/idx.ts": 'import type { Array } from "../../../array/index.ts";',
    "modalities/image/transforms/flip.ts": 'import { type Array } from "../../../array/index.ts";',
    "modalities/image/image.ts": 'export { np } from "../../array/index.ts";',
    "array/index.ts": 'import { numpy } from "@jax-js/jax";',
  });
  const places = ["modalities/*/sources", "modalities/*/transforms"];
  assert.deepEqual(reaching(files, places, "@jax-js/jax"), [
    "modalities/image/sources/zip.ts → modalities/image/image.ts → array/index.ts → @jax-js/jax",
    // Types in braces are stripped, and the import stays.
    "modalities/image/transforms/flip.ts → array/index.ts → @jax-js/jax",
  ]);

  assert.deepEqual(reaching(src, [...places, "modalities/*/build.ts", "modalities/*/index.ts"], "@jax-js/jax"), []);
});

test("no code speaks of one kind of data where all are alike", () => {
  const files = small({
    "training/loop.ts": [
      'const kind = isImage ? "image" : other; // as "text" is',
      '/* "image" */ const url = "https://images.org"; // .pixels',
      "const of = batch.pixels;",
      'const words = { image: 1, text: "a text", pixels };',
      "const name = `text`;",
    ].join("\n"),
    "modalities/image/index.ts": 'const name = "image";',
  });
  const found = mentions(files, ["image", "text"], ["modalities", "encoders"]);
  assert.deepEqual(
    found.map(({ path, line }) => `${path}:${line}`),
    ["training/loop.ts:1", "training/loop.ts:3", "training/loop.ts:5"],
  );

  assert.deepEqual(mentions(src, modalities.names, ["modalities", "encoders"]), []);
});

test("no file is longer than 300 lines, and no folder has more than 20 files beside a registry's", () => {
  const file = "const a = 1;\n";
  assert.deepEqual(long(small({ "a.ts": file.repeat(3), "b.ts": file.repeat(4) }), 3), ["b.ts has 4 lines"]);
  const files = small({
    ...{ "methods/index.ts": '  a: () => import("./a.ts"),\n  "b-c": () => import("./b.ts"),\n' },
    ...{ "methods/a.ts": "", "methods/b.ts": "", "methods/method.ts": "", "methods/parts/a.ts": "" },
    ...{ "layers/a.ts": "", "layers/b.ts": "", "layers/c.ts": "" },
  });
  assert.deepEqual(crowded(files, 2), ["layers has 3 files; give it sub-rooms"]);

  assert.deepEqual(long(src, 300), []);
  assert.deepEqual(crowded(src, 20), []);
});

test("what declares a method, an encoder or a kind of data has its line in the registry, and each line its file", () => {
  const places = { method: "methods/index.ts", encoder: "encoders/index.ts", modality: "data/index.ts" };
  const files = small({
    "methods/index.ts": '  simclr: () => import("./simclr.ts"),\n  "moco-v3": () => import("./moco.ts"),\n',
    "methods/simclr.ts": 'export const simclr = method({\n  name: "simclr",\n',
    "methods/moco.ts": 'export const moco = method({ name: "moco"',
    "encoders/index.ts": '  vit: () => import("./vit.ts"),\n',
    "encoders/vit.ts": 'export const vit = encoder({\n  name: "vit",\n',
    "data/index.ts": "",
    "modalities/audio/index.ts": 'export const audio = modality({\n  name: "audio",\n',
    "methods/method.ts": "/** export const mine = method({ name: 'mine' */",
  });
  assert.deepEqual(unregistered(files, places), [
    "methods/moco.ts declares the method moco, and methods/index.ts has no line for it",
    "methods/index.ts: methods/moco.ts declares no method moco-v3",
    "modalities/audio/index.ts declares the modality audio, and data/index.ts has no line for it",
  ]);

  assert.deepEqual(unregistered(src, places), []);
});
