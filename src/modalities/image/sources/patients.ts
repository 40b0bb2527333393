import { createHash, randomBytes } from "node:crypto";
import type { Entries } from "../../../data/files/collection.ts";
import { patientOf } from "../../../pixels/decode/dicom.ts";
import { isDicomName } from "../../../pixels/decode/formats.ts";

/** Of this process, so that nobody finds a patient by trying numbers. */
const salt = randomBytes(16);

/**
 * What each entry must not be split from: images of one patient are in one group, under a name that says nothing of them;
 * others are their own. Every DICOM file is read for it once.
 * @returns undefined when no entry is DICOM
 */
export async function patientsOf({ names, bytes }: Entries): Promise<readonly string[] | undefined> {
  if (!names.some(isDicomName)) return undefined;
  const groups: string[] = [];
  for (const [index, name] of names.entries()) {
    const patient = isDicomName(name) ? patientOf(await bytes(index)) : undefined;
    const digest = patient && createHash("sha256").update(salt).update(patient).digest("hex").slice(0, 16);
    groups.push(digest ? `patient ${digest}` : name);
  }
  return groups;
}
