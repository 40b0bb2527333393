import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { autodidact, inFolder, TINY, writeImages } from "../support/cli.ts";

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
      // Each command opens a run in its own way, but through the same function.
      const commands: Record<string, string[]> = {
        embed: ["embed", bad, data, "--out", join(folder, "x.parquet")],
        export: ["export", bad, "--out", join(folder, "model")],
        resume: ["pretrain", "--resume", bad],
        from: ["pretrain", data, "--from", bad, "--out", join(folder, "next")],
        distill: ["distill", bad, data, "--into", "resnet-8:width=4", "--out", join(folder, "small")],
        serve: ["serve", bad],
      };
      for (const [name, args] of Object.entries(commands)) {
        if (part !== "method" && name !== "embed") continue;
        const { code: exit, stderr } = autodidact(...args);
        assert.equal(exit, 2, `${part}, ${name}: ${stderr}`);
        assert.match(stderr, /^autodidact: the (encoder|method|modality) is code in a file, .*--trust-code/m);
        assert.ok(!existsSync(mark), `${part}, ${name}: the file's code ran`);
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
