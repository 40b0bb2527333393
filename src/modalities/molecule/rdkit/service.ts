import { MACCS_KEYS, MORGAN_BITS } from "./codes.ts";
import { JobPool } from "./pool.ts";

/** Bits of each fingerprint. */
const BITS = { morgan: MORGAN_BITS, maccs: MACCS_KEYS } as const;

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

async function bytesOf(task: "describe" | keyof typeof BITS, input: string): Promise<Uint8Array> {
  const result = await rdkit.ask({ task, input });
  if (!(result instanceof Uint8Array)) throw new Error(`${task}: no bytes`);
  return result;
}

/** The record of a molecule: see `record.ts`. @throws BrokenSample with RDKit's reason */
export const rdkitRecord = (input: string): Promise<Uint8Array> => bytesOf("describe", input);

/** The bits of a fingerprint, each 0 or 1. @throws BrokenSample with RDKit's reason */
export async function rdkitBits(task: keyof typeof BITS, input: string): Promise<Float32Array> {
  const bytes = await bytesOf(task, input);
  return Float32Array.from({ length: BITS[task] }, (_, bit) => (bytes[bit >> 3]! >> (bit & 7)) & 1);
}

/** The descriptors of a molecule. @throws BrokenSample with RDKit's reason */
export async function rdkitDescriptors(input: string): Promise<Float64Array> {
  const result = await rdkit.ask({ task: "descriptors", input });
  if (!(result instanceof Float64Array)) throw new Error("descriptors: no numbers");
  return result;
}
