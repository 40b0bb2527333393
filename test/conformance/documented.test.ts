import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { after } from "node:test";

/** The kind of data of docs/add-a-modality.md and its test, as they stand there, in a folder beside this one. */
const page = await readFile(new URL("../../docs/add-a-modality.md", import.meta.url), "utf8");
const [kind = "", tests = ""] = Array.from(page.matchAll(/```ts\n([\s\S]*?)```/g), ([, code = ""]) => code);
const folder = new URL(`../generated-${process.pid}/`, import.meta.url);
await mkdir(folder);
await writeFile(new URL("beats.ts", folder), kind);
await writeFile(new URL("beats.test.ts", folder), tests);
after(() => rm(folder, { recursive: true }));
await import(new URL("beats.test.ts", folder).href);
