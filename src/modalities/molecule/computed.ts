import * as z from "zod";
import type { RunFiles } from "../../data/modality.ts";
import type { TargetGroup, Targets } from "../../data/targets/ability.ts";
import type { Scale } from "../../data/targets/scales.ts";
import { UserError } from "../../foundation/errors.ts";
import { parseJson } from "../../foundation/json.ts";
import { isMolecule, type MoleculeSample } from "./molecule.ts";
import { MACCS_KEYS, MORGAN_BITS } from "./rdkit/codes.ts";

/*
 * What can be computed of a molecule without a label, for methods that predict it: ECFP4, the MACCS keys, RDKit's
 * descriptors. In the order of their names below, in one array.
 */

/** The file of a run that has the names and scales of the descriptors. */
export const DESCRIPTORS_FILE = "descriptors.json";

const Numbers = z.object({
  names: z.array(z.string()),
  scales: z.array(z.object({ low: z.number(), high: z.number(), mean: z.number(), deviation: z.number().positive() })),
});

/** What a run can predict of its molecules. @throws UserError when the run's file is not one of ours */
export function targetsOf(files: RunFiles): Targets {
  const text = files[DESCRIPTORS_FILE];
  if (text === undefined) throw new UserError(`this run has no ${DESCRIPTORS_FILE}`);
  const read = Numbers.safeParse(parseJson(text, DESCRIPTORS_FILE));
  if (!read.success) throw new UserError(`${DESCRIPTORS_FILE}: not the descriptors of molecules`);
  const scales: readonly Scale[] = read.data.scales;
  const groups: readonly TargetGroup[] = [
    { name: "morgan", type: "bits", size: MORGAN_BITS },
    { name: "maccs", type: "bits", size: MACCS_KEYS },
    { name: "descriptors", type: "numbers", size: scales.length, scales },
  ];
  const of = (sample: MoleculeSample, group: string): Float32Array | undefined => {
    const at = groups.findIndex(({ name }) => name === group);
    const values = isMolecule(sample) ? sample.computed : undefined;
    if (at < 0) throw new Error(`molecules have no ${group}`);
    if (!values) return undefined;
    const start = groups.slice(0, at).reduce((sum, { size }) => sum + size, 0);
    return values.subarray(start, start + groups[at]!.size);
  };
  return { groups, of };
}
