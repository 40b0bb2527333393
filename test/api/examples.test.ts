import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inPackage, typeErrors } from "./compile.ts";
import { root } from "./methods.ts";

type Module = Readonly<Record<string, unknown>>;
/** Where verbs are, and the examples get what they use from. */
const subpaths = ["autodidact", "autodidact/text"];

/** What verbs are made of: for those who build their own, and no verbs. */
const parts = [
  "encoderNamed",
  "encoderOf",
  "extractFeatures",
  "measureShipped",
  "neighbourSheet",
  "read",
  "untrainedParams",
  "writeAtomically",
];

const isVerb = (value: unknown): boolean => typeof value === "function" && value.constructor.name === "AsyncFunction";

/** The code of a docstring's `@example`. */
function exampleIn(docstring: string): string | undefined {
  const lines = docstring.split("\n").map((line) => line.replace(/^\s*\*\/?( |$)/, ""));
  const start = lines.findIndex((line) => line.startsWith("@example"));
  if (start < 0) return undefined;
  const after = lines.slice(start + 1);
  const end = after.findIndex((line) => line.startsWith("@"));
  return after
    .slice(0, end < 0 ? undefined : end)
    .join("\n")
    .trim();
}

/** Examples of exported functions, by name. */
async function examples(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const files = (await readdir(join(root, "src"), { recursive: true })).filter((name) => name.endsWith(".ts"));
  for (const file of files) {
    const code = await readFile(join(root, "src", file), "utf8");
    for (const [, docstring = "", name = ""] of code.matchAll(
      /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:async )?function (\w+)/g,
    )) {
      const example = exampleIn(docstring);
      if (example) found.set(name, example);
    }
  }
  return found;
}

test("every public verb has an example, and every example compiles", async () => {
  const all = await examples();
  const files: Record<string, string> = {};
  const modules: [string, Module][] = [];
  for (const subpath of subpaths) modules.push([subpath, await import(subpath)]);
  for (const [subpath, module] of modules)
    for (const [verb, value] of Object.entries(module)) {
      if (!isVerb(value) || parts.includes(verb)) continue;
      const code = all.get(verb) ?? "";
      assert.ok(code.includes(`${verb}(`), `${verb} of ${subpath} has no @example that calls it`);
      const imports = modules.flatMap(([from, { ...names }]) =>
        Object.keys(names)
          .filter((name) => new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(code))
          .map((name) => `import { ${name} } from "${from}";\n`),
      );
      const arrays = /\bArray\b/.test(code) ? 'import type { Array } from "autodidact";\n' : "";
      files[`${verb}.ts`] = `${arrays}${imports.join("")}{\n${code}\n}\n`;
    }
  assert.ok(Object.keys(files).length >= 25);
  await inPackage(files, async (folder) => assert.equal(await typeErrors(folder), ""));
});
