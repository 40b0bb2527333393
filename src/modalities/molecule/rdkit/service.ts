import { JobPool } from "./pool.ts";

const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));

/** This thread's RDKit, in a thread of its own. */
const rdkit = new JobPool(new URL(`./worker${extension}`, import.meta.url));

/**
 * A text that RDKit computes of a molecule: its scaffold, a drawing as SVG, names of descriptors.
 * @param input SMILES or mol block
 * @throws BrokenSample with RDKit's reason
 */
export async function rdkitText(task: "scaffold" | "draw" | "descriptorNames", input: string): Promise<string> {
  const result = await rdkit.ask({ task, input });
  if (typeof result !== "string") throw new Error(`${task}: no text`);
  return result;
}

/** The same for bytes: a record, bits of fingerprints. */
export async function rdkitBytes(task: "describe" | "morgan" | "maccs", input: string): Promise<Uint8Array> {
  const result = await rdkit.ask({ task, input });
  if (!(result instanceof Uint8Array)) throw new Error(`${task}: no bytes`);
  return result;
}

/** The descriptors of a molecule. @throws BrokenSample with RDKit's reason */
export async function rdkitDescriptors(input: string): Promise<Float64Array> {
  const result = await rdkit.ask({ task: "descriptors", input });
  if (!(result instanceof Float64Array)) throw new Error("descriptors: no numbers");
  return result;
}
