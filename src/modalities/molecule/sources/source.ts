import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { type CacheFile, openCache } from "../../../data/files/shared-cache.ts";
import { groupFields } from "../../../data/parts/groups.ts";
import type { Source } from "../../../data/source.ts";
import { BrokenSample } from "../../../foundation/errors.ts";
import { notGreater } from "../../../foundation/sorted.ts";
import { drawable } from "../draw.ts";
import type { Molecule } from "../molecule.ts";
import { rdkitRecord } from "../rdkit/service.ts";
import { moleculeIn } from "../record.ts";
import { type MoleculeIndex, openInputs } from "./store.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Reads after which the event loop has a turn: reading what is known waits for nothing. */
const TURN = 1024;

/** Noted beside the reason for which RDKit refuses a molecule: one that ruins an instance ruins no second. */
const REFUSED = 1;

/**
 * A record from a cache, or else as `make` gives it, once.
 * @throws BrokenSample for a molecule that is refused, now or before
 */
async function recordOf(records: CacheFile, at: number, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const known = records.find(at);
  if (known) {
    const bytes = new Uint8Array(known.length);
    records.read(at, 0, bytes);
    if (known.note === REFUSED) throw new BrokenSample(decoder.decode(bytes));
    return bytes;
  }
  try {
    const made = await make();
    records.store(at, made);
    return made;
  } catch (error) {
    if (error instanceof BrokenSample) records.store(at, encoder.encode(error.message), REFUSED);
    throw error;
  }
}

/**
 * A source of the molecules of an index.
 * @param compute what else every sample has, from its SMILES: values as float32
 * @param onClose further clean-up
 */
export function moleculeSource(
  index: MoleculeIndex,
  compute?: (smiles: string) => Promise<Float32Array>,
  onClose: () => void = () => undefined,
): Source<Molecule> {
  const { starts, lines, files, ends, labels, groups, leftOut } = index;
  const inputs = openInputs(index);
  const records = openCache(index.records);
  const computed = openCache(index.computed);
  let reads = 0;
  const fileOf = (at: number): string => files[notGreater(ends, at)] ?? "molecule";
  const name = (at: number): string => (lines[at] ? `${fileOf(at)}:${lines[at]}` : fileOf(at));
  return {
    length: starts.length - 1,
    ...(leftOut ? { leftOut } : {}),
    ...(labels ?? {}),
    name,
    ...groupFields(groups, name),
    async read(at) {
      if (++reads % TURN === 0) await setImmediate();
      let title = "";
      const record = await recordOf(records, at, async () => {
        const written = await inputs.read(at);
        return rdkitRecord(written.input);
      });
      if (index.titled) ({ title } = await inputs.read(at));
      const molecule = { ...drawable(moleculeIn(record)), ...(title === "" ? {} : { title }) };
      if (!compute) return molecule;
      const values = await recordOf(computed, at, async () => {
        const made = await compute(molecule.smiles);
        return new Uint8Array(made.buffer, made.byteOffset, made.byteLength);
      });
      return { ...molecule, computed: new Float32Array(values.slice().buffer) };
    },
    async contents() {
      const hash = createHash("sha256");
      for (let at = 0; at < starts.length - 1; at++) {
        const { input } = await inputs.read(at);
        hash.update(input).update("\n");
      }
      return hash.digest("hex").slice(0, 16);
    },
    manifest: index,
    async close() {
      inputs.close();
      records.close();
      computed.close();
      onClose();
    },
  };
}
