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

/** Every command of a table, with the arguments that call it. */
const linesOf = (table: CommandTable, before: readonly string[] = []) =>
  Object.values(table).flatMap((lines) =>
    Object.entries(lines).map(([name, line]) => ({ args: [...before, name], name, ...line })),
  );
const all = [
  ...linesOf(commands),
  ...(
    await Promise.all(Object.entries(kinds).map(async ([kind, { load }]) => linesOf((await load()).commands, [kind])))
  ).flat(),
];

/** All that is loaded with a file: source files and packages, without types and without what `import()` loads later. */
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
    "cli/output.ts",
    "cli/program.ts",
    "foundation/errors.ts",
    "foundation/files.ts",
    "foundation/memory.ts",
    "foundation/printable.ts",
    "foundation/processes.ts",
    "foundation/temporary.ts",
    "foundation/user-file.ts",
  ];
  assert.deepEqual(loaded.filter((name) => !name.startsWith("node:")).sort(), [...light, "commander"].sort());
  const kind = await loadedWith(resolve(src, "modalities/text/commands/index.ts"));
  assert.equal(kind.size, 1, [...kind].join());
  // Help of `pretrain` without a method loads only the training options.
  const pretrain = [...(await loadedWith(resolve(src, "cli/commands/pretrain.ts")))];
  assert.ok(pretrain.includes(resolve(src, "training/run/config.ts")));
  assert.ok(
    !pretrain.some((name) => /src\/(index|methods|modalities|encoders|evaluation)\b/.test(name)),
    pretrain.join(),
  );
});

test("help lists every command on a line, and the kinds of data", () => {
  const { stdout } = autodidact("--help");
  for (const { name, args } of all) assert.equal(new RegExp(`^  ${name} `, "m").test(stdout), args.length === 1, name);
  assert.match(
    stdout,
    /Commands for one kind of data:\n {2}molecule +.*\n {2}pair +.*\n {2}protein +.*\n {2}series +.*\n {2}text +language models and tokenizers/,
  );
  assert.equal(autodidact().stdout, stdout);
  const text = autodidact("text", "--help");
  for (const name of ["complete", "perplexity", "tokenize"]) assert.match(text.stdout, new RegExp(`^  ${name} `, "m"));
  for (const args of [["text"], ["help", "text"]]) assert.deepEqual(autodidact(...args), text);
  assert.match(autodidact("--version").stdout, /^\d+\.\d+\.\d+\n$/);
});

test("every command has arguments or options, an example that calls it, and --json", async () => {
  for (const { args, name, summary, load } of all) {
    assert.doesNotMatch(summary, /\.$/);
    let help = "";
    const command = new Command(name).configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    await (await load()).configure(command, ["--help"]);
    command.outputHelp();
    assert.match(help, new RegExp(`\\nExamples?:\\n  autodidact ${args.join(" ")}(?: |\\n)`), args.join(" "));
    assert.match(help, /--json /, args.join(" "));
    // Counts and tables have different flags, and outputs are always --out.
    assert.doesNotMatch(help, /--labels <count>|--to <|--data </, args.join(" "));
  }
});

test("a command without its kind of data is refused in a line that names it in full", () => {
  const cases: [string[], string][] = [
    [
      ["complete", "run", "text"],
      "unknown command 'complete'; did you mean: autodidact molecule complete or autodidact pair complete or autodidact protein complete or autodidact text complete",
    ],
    [["nothing"], "unknown command 'nothing'"],
    [["text", "nothing"], "unknown command 'nothing'"],
    [["--nothing"], "unknown option '--nothing'"],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = autodidact(...args);
    assert.deepEqual([code, stdout, stderr], [2, "", `autodidact: ${message}\n`]);
  }
});
