import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** Columns of `metrics.jsonl` that are read from the clock. */
const CLOCK = ["samplesPerSecond", "stepsPerSecond", "waitFraction", "seconds"];

/** TensorBoard's files have times in their names and in every record. */
const isTimed = (name: string): boolean => name.includes("events.out.tfevents");

async function contentOf(folder: string, name: string): Promise<string> {
  const bytes = await readFile(join(folder, name));
  if (!name.endsWith("metrics.jsonl")) return bytes.toString("latin1");
  return bytes
    .toString("utf8")
    .split("\n")
    .map((line) =>
      line === "" ? line : JSON.stringify({ ...JSON.parse(line), ...Object.fromEntries(CLOCK.map((key) => [key, 0])) }),
    )
    .join("\n");
}

const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((item) => item.isFile())
    .map((item) => relative(folder, join(item.parentPath, item.name)));

/** Files of a run that are not byte for byte those of another; a file too many or too few counts. */
export async function differences(run: string, other: string): Promise<string[]> {
  const [names, others] = await Promise.all([filesIn(run), filesIn(other)]);
  // A process that is killed after its last byte and before it lets go leaves its lock, which holds nobody up.
  const all = [...new Set([...names, ...others])].filter((name) => !isTimed(name) && name !== "lock").sort();
  const different: string[] = [];
  for (const name of all)
    if (
      !names.includes(name) ||
      !others.includes(name) ||
      (await contentOf(run, name)) !== (await contentOf(other, name))
    )
      different.push(name);
  return different;
}
