import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inFolder } from "../../support/cli.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

test("the published package's bundle of the chart library draws what the library draws, and needs no package", () =>
  inFolder(async (folder) => {
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const [, words = ""] = /^esbuild (.*?) &&/.exec(scripts["build:charts"]) ?? [];
    const file = join(folder, "echarts.mjs");
    const args = words.split(" ").map((word) => (word.startsWith("--outfile=") ? `--outfile=${file}` : word));
    const esbuild = join(root, "node_modules", "esbuild", "bin", "esbuild");
    const { status, stderr } = spawnSync(process.execPath, [esbuild, ...args], { cwd: root, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.ok((await stat(file)).size < 1.5e6);
    // Outside the repository: an import of a package would fail.
    const bundled: typeof import("../../../src/evaluation/drawing/echarts.ts") = await import(pathToFileURL(file).href);
    const library = await import("../../../src/evaluation/drawing/echarts.ts");
    const [ours, theirs] = [bundled, library].map(({ init }) => {
      const chart = init(null, null, { renderer: "svg", ssr: true, width: 300, height: 200 });
      const axis = { type: "value" as const };
      chart.setOption({
        animation: false,
        xAxis: axis,
        yAxis: axis,
        series: [
          {
            type: "line",
            data: [
              [0, 1],
              [1, 2],
            ],
          },
        ],
      });
      const svg = chart.renderToSVGString();
      // Its clock would keep the process alive.
      chart.dispose();
      return svg;
    });
    assert.equal(ours, theirs);
    assert.match(ours!, /<path/);
  }));
