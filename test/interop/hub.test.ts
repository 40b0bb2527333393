import assert from "node:assert/strict";
import { readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { float32 } from "../../src/array/index.ts";
import { parseHubId } from "../../src/interop/hub/id.ts";
import { localModel } from "../../src/interop/hub/index.ts";
import { readModel } from "../../src/interop/model-folder.ts";
import { encodeSafetensors } from "../../src/interop/safetensors-format.ts";
import { openStart } from "../../src/training/run/start.ts";
import { autodidact, inFolder } from "../support/cli.ts";
import { COMMIT, type FakeHub, fakeHub, type HubModel } from "../support/hub.ts";

const weights = (name: string, values: readonly number[]) =>
  Buffer.concat(encodeSafetensors([[name, float32(values, [values.length])]], {}));

/** As published repositories are: other formats, pages and pictures beside what is needed. */
const whole: HubModel = {
  files: {
    ".gitattributes": "*.safetensors filter=lfs",
    "README.md": "# A model",
    "config.json": '{"model_type":"bert"}',
    "tokenizer.json": "{}",
    "preprocessor_config.json": "{}",
    "pytorch_model.bin": new Uint8Array(500),
    "model.safetensors": weights("a", [1, 2, 3]),
    "onnx/model.onnx": new Uint8Array(40),
  },
  large: ["model.safetensors", "pytorch_model.bin", "onnx/model.onnx"],
  revisions: { "v1/two": "fedcba9876543210fedcba9876543210fedcba98" },
};
const sharded: HubModel = {
  files: {
    "config.json": "{}",
    "model.safetensors.index.json": JSON.stringify({
      metadata: { total_size: 20 },
      weight_map: { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" },
    }),
    "model-00001-of-00002.safetensors": weights("a", [1, 2]),
    "model-00002-of-00002.safetensors": weights("b", [3, 4, 5]),
    "other.safetensors": weights("c", [6]),
  },
  large: ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "other.safetensors"],
};

const NAMES = ["HF_ENDPOINT", "HF_HOME", "HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"];
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
const forget = () => {
  for (const name of NAMES) delete process.env[name];
};
beforeEach(forget);
afterEach(() => {
  forget();
  for (const [name, value] of Object.entries(before)) if (value !== undefined) process.env[name] = value;
});

/** A Hub and an empty cache. */
const onHub = (models: Readonly<Record<string, HubModel>>, use: (hub: FakeHub, cache: string) => Promise<void>) =>
  inFolder(async (home) => {
    const hub = await fakeHub(models);
    process.env.HF_ENDPOINT = hub.url;
    process.env.HF_HOME = home;
    try {
      await use(hub, join(home, "hub"));
    } finally {
      await hub.close();
    }
  });

const filesIn = async (folder: string) =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

test("ids are told from paths", () => {
  assert.deepEqual(parseHubId("facebook/dinov2-small"), {
    name: "facebook/dinov2-small",
    revision: "main",
    isExplicit: false,
  });
  assert.equal(parseHubId("a/b@refs/pr/1")?.revision, "refs/pr/1");
  for (const text of [
    "gpt2",
    "./a/b",
    "a/b/c",
    "/a/b",
    "a/../b",
    "a/b@../x",
    "a/b@",
    "datasets/b",
    "a\\b",
    "a/b.git",
    "a--b/c",
  ])
    assert.equal(parseHubId(text), undefined, text);
});

test("the files that are needed come into the Hub's cache, once, and the commit is settled", () =>
  onHub({ "owner/model": whole }, async (hub, cache) => {
    process.env.HF_TOKEN = "hf_secret";
    const seen: [number, number][] = [];
    const first = await localModel("owner/model", { onDownload: (_, done, total) => seen.push([done, total]) });
    const folder = join(cache, "models--owner--model");
    assert.deepEqual(first, { path: join(folder, "snapshots", COMMIT), from: `owner/model@${COMMIT}` });
    assert.deepEqual((await readdir(first.path)).sort(), [
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
      "tokenizer.json",
    ]);
    for (const name of await readdir(first.path))
      assert.deepEqual(await readFile(join(first.path, name)), Buffer.from(whole.files[name]!), name);
    // As huggingface_hub keeps them: a link to a blob that is named by its digest.
    assert.match(await readlink(join(first.path, "model.safetensors")), /^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    assert.match(await readlink(join(first.path, "config.json")), /^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/);
    assert.equal(await readFile(join(folder, "refs", "main"), "utf8"), COMMIT);
    assert.deepEqual([...(await readModel(first.path)).tensors.get("a")!.data], [1, 2, 3]);
    assert.deepEqual([...new Set(seen.map(([, total]) => total))].length, 1);
    assert.equal(seen.at(-1)![0], seen.at(-1)![1]);
    // Another host never gets the token.
    assert.deepEqual([...hub.tokens.hub], ["Bearer hf_secret"]);
    assert.deepEqual([...hub.tokens.cdn], []);
    assert.ok(!hub.requests.some((request) => /pytorch_model|README|onnx/.test(request)), hub.requests.join("\n"));

    hub.requests.length = 0;
    assert.deepEqual(await localModel("owner/model"), first);
    assert.deepEqual(hub.requests, [
      "GET /api/models/owner/model/revision/main",
      `GET /api/models/owner/model/tree/${COMMIT}`,
    ]);
    hub.requests.length = 0;
    assert.deepEqual(await localModel(`owner/model@${COMMIT}`), first);
    assert.equal(hub.requests.length, 0);
    // Another revision with the same files: nothing is fetched twice.
    const other = await localModel("owner/model@v1/two");
    assert.ok(other.from.endsWith("@fedcba9876543210fedcba9876543210fedcba98"));
    assert.ok(!hub.requests.some((request) => request.includes("resolve")));
  }));

test("weights in several files, as the index names them; a model for ONNX Runtime where it will do", () =>
  onHub(
    { "owner/large": sharded, "owner/onnx": { files: { "config.json": "{}", "onnx/model.onnx": "onnx" } } },
    async (hub) => {
      const { path } = await localModel("owner/large");
      assert.ok(!hub.requests.some((request) => request.includes("other")));
      const { tensors } = await readModel(path);
      assert.deepEqual([...tensors.keys()].sort(), ["a", "b"]);
      assert.deepEqual([...tensors.get("b")!.data], [3, 4, 5]);

      await assert.rejects(localModel("owner/onnx"), {
        name: "UserError",
        message: /^owner\/onnx: has no model\.safetensors/,
      });
      const onnx = await localModel("owner/onnx", { takesOnnx: true });
      assert.equal(await readFile(onnx.path, "utf8"), "onnx");
    },
  ));

test("without a network, what the cache has is used, and what it lacks is one line", () =>
  onHub({ "owner/model": whole, "owner/large": sharded }, async (hub, cache) => {
    const first = await localModel("owner/model");
    await localModel("owner/large");
    process.env.HF_HUB_OFFLINE = "1";
    hub.requests.length = 0;
    assert.deepEqual(await localModel("owner/model"), first);
    await assert.rejects(localModel("owner/other"), {
      name: "UserError",
      message: /^owner\/other: not in .*hub, and HF_HUB_OFFLINE/,
    });
    assert.deepEqual(hub.requests, []);
    delete process.env.HF_HUB_OFFLINE;
    await hub.close();
    const notes: string[] = [];
    assert.deepEqual(await localModel("owner/model", { onNote: (note) => notes.push(note) }), first);
    assert.match(
      notes.join("\n"),
      /^http:\S+ cannot be reached \(ECONNREFUSED\); using owner\/model@0123\S+ from the cache$/,
    );
    await assert.rejects(localModel("owner/other"), {
      name: "UserError",
      message:
        /^owner\/other: no such folder, not in the Hub's cache \(.*\), and http:\S+ cannot be reached \(ECONNREFUSED\)$/,
    });
    // A snapshot without its last shard is not the model.
    const snapshot = join(cache, "models--owner--large", "snapshots", COMMIT);
    const shard = join(snapshot, await readlink(join(snapshot, "model-00002-of-00002.safetensors")));
    await rm(shard);
    await assert.rejects(localModel("owner/large"), { name: "UserError" });
  }));

test("bytes that are not the file's are not kept", () =>
  onHub({ "owner/model": whole }, async (hub, cache) => {
    const blobs = join(cache, "models--owner--model", "blobs");
    const faults = {
      short: /ended after \d+ of \d+ bytes/,
      long: /has more than/,
      altered: /has another content/,
    } as const;
    for (const [fault, message] of Object.entries(faults)) {
      hub.faults.set("model.safetensors", fault as keyof typeof faults);
      await assert.rejects(localModel("owner/model"), { name: "UserError", message });
      const kept = await filesIn(blobs);
      assert.ok(
        kept.every((name) => /^[0-9a-f]{40}$/.test(name)),
        kept.join(),
      );
    }
    hub.faults.set("model.safetensors", "cut");
    await assert.rejects(localModel("owner/model"), { name: "UserError" });
    assert.equal((await filesIn(blobs)).length, 2);
    hub.faults.set("model.safetensors", "status");
    await assert.rejects(localModel("owner/model"), {
      name: "UserError",
      message: "owner/model: the Hub answered with status 503",
    });
    hub.faults.clear();
    const { path } = await localModel("owner/model");
    // A blob that a power failure left short is fetched again.
    const blob = join(path, await readlink(join(path, "model.safetensors")));
    await writeFile(blob, "x");
    await localModel("owner/model");
    assert.ok((await stat(blob)).size > 8);
  }));

test("Ctrl-C in a download leaves no part of a file", () =>
  onHub({ "owner/model": whole }, async (hub, cache) => {
    const controller = new AbortController();
    hub.faults.set("model.safetensors", "slow");
    hub.onSlow = () => setTimeout(() => controller.abort(), 20);
    await assert.rejects(localModel("owner/model", { signal: controller.signal }), { name: "AbortError" });
    assert.ok((await filesIn(cache)).every((name) => /^([0-9a-f]{40}|\w+\.json)$/.test(name)));
  }));

test("what the Hub refuses, and answers that are not the Hub's, are one line", () =>
  onHub({ "owner/gated": { ...whole, isGated: true }, "owner/model": whole }, async (hub) => {
    const refused = (id: string, message: RegExp) => assert.rejects(localModel(id), { name: "UserError", message });
    await refused(
      "owner/none",
      /^owner\/none: there is no such model, or it may not be read without a token; set HF_TOKEN/,
    );
    await refused("owner/gated", /^owner\/gated: there is no such model, or it may not be read without a token/);
    await refused("owner/model@absent", /^owner\/model: has no revision "absent"$/);
    process.env.HF_TOKEN = "not one\n";
    await assert.rejects(localModel("owner/model"), (error: Error) => {
      assert.match(error.message, /^HF_TOKEN: not a token/);
      return !error.message.includes("not one");
    });
    process.env.HF_TOKEN = "hf_it";
    await localModel("owner/gated");
    process.env.HF_ENDPOINT = "ftp://somewhere";
    await refused("owner/model", /^HF_ENDPOINT is "ftp:\/\/somewhere"; it must be an address/);
    process.env.HF_ENDPOINT = `${hub.url}/elsewhere`;
    await refused("owner/model", /^owner\/model: there is no such model/);
  }));

test("an index that names files elsewhere is refused", () =>
  onHub(
    {
      "owner/evil": {
        files: {
          "config.json": "{}",
          "model.safetensors.index.json": JSON.stringify({ weight_map: { a: "../../x.safetensors" } }),
        },
      },
    },
    async () => {
      await assert.rejects(localModel("owner/evil"), {
        name: "UserError",
        message: /must be the name of a file beside it/,
      });
    },
  ));

test("the command line ends with one line and code 2 where there is neither network nor cache", () =>
  inFolder(async (home) => {
    const data = join(home, "notes.txt");
    await writeFile(data, "the sea is blue\n".repeat(20));
    process.env.HF_HOME = home;
    process.env.HF_ENDPOINT = "http://127.0.0.1:9";
    const { code, stderr } = autodidact("pretrain", data, "--from", "owner/model", "--out", join(home, "run"));
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /^autodidact: owner\/model: no such folder, not in the Hub's cache \(.*\), and http:\/\/127\.0\.0\.1:9 cannot be reached/m,
    );
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
    // A mistyped path in a folder that is there is no id.
    await assert.rejects(openStart(join(home, "rnu")), /rnu: could not be read \(there is no such file or folder\)/);
  }));
