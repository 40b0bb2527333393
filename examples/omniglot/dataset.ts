import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unzipSync } from "fflate";

/** Unpacks the drawings of some archives into one folder. `place` gives each a path, or none to leave it out. */
async function unpack(archives: readonly string[], to: string, place: (name: string) => string | undefined) {
  const files = new Map<string, Uint8Array>();
  for (const archive of archives)
    for (const [name, bytes] of Object.entries(unzipSync(await readFile(archive)))) {
      const path = name.endsWith(".png") && !name.startsWith("__MACOSX") ? place(name) : undefined;
      if (path) files.set(path, bytes);
    }
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await writeFile(join(to, path), bytes);
  }
  return files.size;
}

/** The two minimal background sets as one folder, `alphabet/character/drawing.png`. @returns how many drawings */
export function unpackBackground(archives: readonly string[], to: string): Promise<number> {
  const seen = new Set<string>();
  // The two sets share an alphabet; a drawing's file name is its own.
  return unpack(archives, to, (name) => {
    if (seen.has(basename(name))) return undefined;
    seen.add(basename(name));
    return name.split("/").slice(1).join("/");
  });
}

/** One trial: for each test drawing the example of the same character, by their paths in the unpacked folder. */
export interface Trial {
  readonly examples: readonly string[];
  readonly queries: readonly string[];
  /** Index into `examples` for each query. */
  readonly answers: Int32Array;
}

/** The 20 runs of the one-shot test of Lake et al. 2015, as published: 20 examples and 20 queries each. */
export async function unpackTrials(archive: string, to: string): Promise<Trial[]> {
  await unpack([archive], to, (name) => name);
  const texts = unzipSync(await readFile(archive), { filter: ({ name }) => name.endsWith("class_labels.txt") });
  return Object.keys(texts)
    .sort()
    .map((name) => {
      const lines = new TextDecoder().decode(texts[name]).trim().split("\n");
      const pairs = lines.map((line) => line.trim().split(/\s+/));
      const examples = [...new Set(pairs.map(([, example = ""]) => example))].sort();
      return {
        examples,
        queries: pairs.map(([query = ""]) => query),
        answers: Int32Array.from(pairs, ([, example = ""]) => examples.indexOf(example)),
      };
    });
}
