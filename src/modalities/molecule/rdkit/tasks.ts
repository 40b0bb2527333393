import { recordOf } from "../record.ts";
import { MORGAN_BITS } from "./codes.ts";
import { graphOf } from "./features.ts";
import { type Instance, type JSMol, withMolecule } from "./instance.ts";
import { scaffoldOf } from "./scaffold.ts";

/** ECFP4 is of radius 2. */
const MORGAN = JSON.stringify({ radius: 2, nBits: MORGAN_BITS });

export type TaskResult = string | Uint8Array | Float64Array;

/** Numbers of RDKit's descriptors, by name; those that it cannot compute of a molecule are NaN. */
function descriptorsOf(mol: JSMol): [name: string, value: number][] {
  // It writes nan and inf, which JSON has not.
  const found: Readonly<Record<string, number | null>> = JSON.parse(
    mol.get_descriptors().replaceAll(/:\s*-?(nan|inf)/gi, ":null"),
  );
  return Object.entries(found)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, value ?? Number.NaN]);
}

/** What RDKit computes of one molecule. */
const tasks = {
  /** The molecule's record: see `record.ts`. */
  describe: (mol: JSMol, instance: Instance) => recordOf(mol.get_smiles(), graphOf(mol, instance)),
  /** ECFP4, a bit each, the lowest of a byte first. */
  morgan: (mol: JSMol): Uint8Array => Uint8Array.from(mol.get_morgan_fp_as_uint8array(MORGAN)),
  maccs: (mol: JSMol): Uint8Array => Uint8Array.from(mol.get_maccs_fp_as_uint8array()),
  descriptors: (mol: JSMol) => Float64Array.from(descriptorsOf(mol), ([, value]) => value),
  /** Names of the descriptors, in their order; the same for every molecule. */
  descriptorNames: (mol: JSMol) =>
    descriptorsOf(mol)
      .map(([name]) => name)
      .join(" "),
  scaffold: (mol: JSMol, instance: Instance) => scaffoldOf(mol, instance),
  /** A drawing of 320 × 240, as SVG. */
  draw: (mol: JSMol) => mol.get_svg(320, 240),
} satisfies Record<string, (mol: JSMol, instance: Instance) => TaskResult>;

export type Task = keyof typeof tasks;

/** @throws BrokenSample when RDKit refuses the molecule; RuntimeError when the instance is ruined */
export const perform = (task: Task, input: string, instance: Instance): TaskResult =>
  withMolecule(instance, input, (mol) => tasks[task](mol, instance));
