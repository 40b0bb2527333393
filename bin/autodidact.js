#!/usr/bin/env node
// Finds a Node that can run Autodidact and starts it there. Written so that an old Node can read it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src", "cli", "main.ts");
// A checkout runs its sources, so that what was built earlier never hides an edit; a published package has none.
const inCheckout = existsSync(source);
const recent = Number.parseInt(process.versions.node, 10) >= NEEDED;

if (recent && !inCheckout) {
  await import(pathToFileURL(join(root, "dist", "cli", "main.js")).href);
} else {
  const node = recent ? process.execPath : pinnedNode();
  if (node === undefined) {
    console.error(`autodidact: needs Node.js ${NEEDED} or later; this is ${process.version} (https://nodejs.org)`);
    process.exit(2);
  }
  const entry = inCheckout ? ["--conditions=autodidact-source", source] : [join(root, "dist", "cli", "main.js")];
  const child = spawn(node, [...entry, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code === null ? (signal === "SIGKILL" ? 137 : 1) : code));
}

/** The Node of the `node` package, where that is installed. */
function pinnedNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
    const binary = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}
