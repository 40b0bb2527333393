import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";

/** Refuses to load jax-js, in whatever module asks for it. */
const hooks = `import { registerHooks } from "node:module";
registerHooks({
  resolve(name, context, next) {
    if (name.startsWith("@jax-js/")) throw new Error(context.parentURL + " imports " + name);
    return next(name, context);
  },
});`;

/** Imports a file in a process of its own, in which there is no jax-js. */
export function assertWithoutJax(file: string | URL): void {
  const url = file instanceof URL ? file : pathToFileURL(file);
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      "--conditions=autodidact-source",
      ...["--import", `data:text/javascript,${encodeURIComponent(hooks)}`],
      ...["--input-type=module", "--eval", `await import(${JSON.stringify(url.href)})`],
    ],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
}
