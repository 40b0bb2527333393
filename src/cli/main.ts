import { enableCompileCache } from "node:module";

// Before anything large is loaded: a third less time to start, from the second time on.
enableCompileCache();
const { runCommandLine } = await import("./program.ts");
process.exitCode = await runCommandLine(process.argv.slice(2));
