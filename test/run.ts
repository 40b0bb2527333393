/**
 * Every test, or those that the arguments name, on all cores: `node --test` would leave one idle, which of two is half the
 * machine. What is compiled is kept, for each file's process would compile the library anew.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

const given = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [
    "--conditions=autodidact-source",
    "--test",
    `--test-concurrency=${availableParallelism()}`,
    ...(given.length > 0 ? given : ["test/**/*.test.ts"]),
  ],
  { stdio: "inherit", env: { NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache"), ...process.env } },
);
process.exitCode = status ?? 1;
