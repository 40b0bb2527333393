import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

/** Every command that opens a run folder, or reads one. */
function commandsOf(run: string, data: string, folder: string): string[][] {
  const out = (name: string) => ["--out", join(folder, name)];
  const pair = ["--train", data, "--test", data];
  return [
    ["embed", run, data, ...out("x.parquet")],
    ["evaluate", run, ...pair],
    ["few-shot", run, data],
    ["report", run, ...pair],
    ["predict", run, data, ...out("x.csv")],
    ["look", run, data],
    ["search", run, join(data, "class0", "0.png"), "--in", join(folder, "x.parquet")],
    ["duplicates", run, data],
    ["suggest", run, data, "--budget", "2"],
    ["export", run, ...out("model")],
    ["quantize", run, ...out("int8")],
    ["prune", run, "--keep", "0.5", ...out("pruned")],
    ["distill", run, data, "--into", "resnet-8:width=4", ...out("small")],
    ["finetune", run, "--train", data, ...out("tuned")],
    ["serve", run, "--port", "0"],
    ["text", "complete", run, "a"],
    ["text", "perplexity", run, data],
    ["pretrain", data, "--from", run, ...out("next")],
    ["pretrain", data, "--method", "distill", "--teacher", run, ...out("taught")],
    ["pretrain", "--resume", run],
  ];
}

test("a run folder that names code in a file does not run it without --trust-code", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 8);
    const run = join(folder, "run");
    assert.equal(autodidact("pretrain", data, ...TINY, "--out", run).code, 0);
    const mark = join(folder, "mark");
    const code = join(folder, "code.mjs");
    await writeFile(code, `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n`);

    for (const part of ["encoder", "method", "modality"] as const) {
      const bad = join(folder, part);
      await cp(run, bad, { recursive: true });
      const config = JSON.parse(await readFile(join(bad, "config.json"), "utf8"));
      config[part].name = part === "method" ? `rotation+${code}` : code;
      await writeFile(join(bad, "config.json"), JSON.stringify(config));
      for (const args of commandsOf(bad, data, folder)) {
        // What opens a run does so by one function; what continues one reads its config.json before.
        if (part !== "modality" && !args.includes("--resume") && args[0] !== "embed") continue;
        const { code: exit, stderr } = autodidact(...args);
        assert.equal(exit, 2, `${part}, ${args.join(" ")}: ${stderr}`);
        assert.match(stderr, /^autodidact: the (encoder|method|modality) is code in a file, .*--trust-code/m);
        assert.ok(!existsSync(mark), `${part}, ${args.join(" ")}: the file's code ran`);
      }
    }
    const trusting = autodidact(
      "embed",
      join(folder, "encoder"),
      data,
      "--out",
      join(folder, "x.parquet"),
      "--trust-code",
    );
    assert.match(trusting.stderr, /exports no encoder/);
    assert.ok(existsSync(mark));
  }));

test("continuing a fine-tuning, a distillation or a pruning runs no code that only the folder names", () =>
  inFolder(async (folder) => {
    const data = join(folder, "data");
    await writeImages(data, 8);
    const [run, tuned, small] = ["run", "tuned", "small"].map((name) => join(folder, name)) as [string, string, string];
    const done = (...args: string[]) => {
      const { code, stderr } = autodidact(...args);
      assert.equal(code, 0, stderr);
    };
    done("pretrain", data, ...TINY, "--out", run);
    done("finetune", run, "--train", data, "--epochs", "1", "--batch-size", "4", "--workers", "0", "--out", tuned);
    done("pretrain", data, ...TINY.toSpliced(1, 1, "distill"), "--teacher", run, "--out", small);
    const mark = join(folder, "mark");
    const code = join(folder, "code.mjs");
    await writeFile(code, `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n`);
    const poison = async (path: string) => {
      const config = JSON.parse(await readFile(join(path, "config.json"), "utf8"));
      config.modality.name = code;
      await writeFile(join(path, "config.json"), JSON.stringify(config));
    };
    const refused = (...args: string[]) => {
      const { code: exit, stderr } = autodidact(...args);
      assert.equal(exit, 2, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, /is code in a file/);
      assert.ok(!existsSync(mark), `${args.join(" ")}: the file's code ran`);
    };
    await poison(tuned);
    refused("finetune", "--resume", tuned);
    await poison(small);
    refused("distill", "--resume", small);
    refused("pretrain", "--resume", small);
    // The teacher that a whole run names.
    const other = join(folder, "other");
    await cp(run, other, { recursive: true });
    const config = JSON.parse(await readFile(join(small, "config.json"), "utf8"));
    config.modality.name = "image";
    config.method.options.teacher = other;
    await writeFile(join(small, "config.json"), JSON.stringify(config));
    await poison(other);
    refused("distill", "--resume", small);
    refused("pretrain", "--resume", small);
  }));
