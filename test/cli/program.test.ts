import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { commands } from "../../src/cli/commands.ts";
import { kinds } from "../../src/cli/kinds.ts";
import type { CommandTable } from "../../src/cli/table.ts";
import { autodidact } from "../support/cli.ts";

const src = fileURLToPath(new URL("../../src", import.meta.url));

/** Every command with the words that call it, from a table. */
const linesOf = (table: CommandTable, before: readonly string[] = []) =>
  Object.values(table).flatMap((lines) =>
    Object.entries(lines).map(([name, line]) => ({ words: [...before, name], name, ...line })),
  );
const all = [
  ...linesOf(commands),
  ...(
    await Promise.all(Object.entries(kinds).map(async ([kind, { load }]) => linesOf((await load()).commands, [kind])))
  ).flat(),
];

/** What is loaded with a file: every file of ours and every package, but for types and what `import()` loads later. */
async function loadedWith(file: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = await readFile(file, "utf8");
  for (const [, target = ""] of text.matchAll(/^(?:import|export)(?! type)\s[^'";]*?from\s+"([^"]+)";/gms))
    if (target.startsWith(".")) await loadedWith(resolve(dirname(file), target), seen);
    else seen.add(target);
  return seen;
}

test("help and version load the table of commands and nothing heavy", async () => {
  const loaded = [...(await loadedWith(resolve(src, "cli/program.ts")))].map((name) =>
    name.startsWith("/") ? relative(src, name) : name,
  );
  const light = [
    "cli/commands.ts",
    "cli/interrupt.ts",
    "cli/kinds.ts",
    "cli/program.ts",
    "foundation/errors.ts",
    "foundation/user-file.ts",
  ];
  assert.deepEqual(loaded.filter((name) => !name.startsWith("node:")).sort(), [...light, "commander"].sort());
  const kind = await loadedWith(resolve(src, "modalities/text/commands/index.ts"));
  assert.equal(kind.size, 1, [...kind].join());
  // Nor does what shows training's options alone.
  const pretrain = [...(await loadedWith(resolve(src, "cli/commands/pretrain.ts")))];
  assert.ok(pretrain.includes(resolve(src, "training/run/config.ts")));
  assert.ok(
    !pretrain.some((name) => /src\/(index|methods|modalities|encoders|evaluation)\b/.test(name)),
    pretrain.join(),
  );
});

test("help lists every command in a line, and the kinds of data", () => {
  const { stdout } = autodidact("--help");
  for (const { name, words } of all)
    assert.equal(new RegExp(`^  ${name} `, "m").test(stdout), words.length === 1, name);
  assert.match(stdout, /Commands of one kind of data:\n {2}text +language models and tokenizers/);
  assert.equal(autodidact().stdout, stdout);
  const text = autodidact("text", "--help");
  for (const name of ["complete", "perplexity", "tokenize"]) assert.match(text.stdout, new RegExp(`^  ${name} `, "m"));
  for (const words of [["text"], ["help", "text"]]) assert.deepEqual(autodidact(...words), text);
  assert.match(autodidact("--version").stdout, /^\d+\.\d+\.\d+\n$/);
});

test("every command has arguments or options, an example that calls it, and --json", async () => {
  for (const { words, name, summary, load } of all) {
    assert.doesNotMatch(summary, /\.$/);
    let help = "";
    const command = new Command(name).configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    await (await load()).configure(command, ["--help"]);
    command.outputHelp();
    assert.match(help, new RegExp(`\\nExamples?:\\n  autodidact ${words.join(" ")}(?: |\\n)`), words.join(" "));
    assert.match(help, /--json /, words.join(" "));
    // A count is never called as a table is, and what is written is called --out.
    assert.doesNotMatch(help, /--labels <count>|--to <|--data </, words.join(" "));
  }
});

test("a command that is called by another name is refused in a line that says where it is", () => {
  const cases: [string[], string][] = [
    [["complete", "run", "text"], "unknown command 'complete'; there is: autodidact text complete"],
    [["nothing"], "unknown command 'nothing'"],
    [["text", "nothing"], "unknown command 'nothing'"],
    [["--nothing"], "unknown option '--nothing'"],
  ];
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = autodidact(...words);
    assert.deepEqual([code, stdout, stderr], [2, "", `autodidact: ${message}\n`]);
  }
});
