import { isZip, listZips, zipEntries } from "../../../data/files/zip.ts";
import { BrokenSample, messageOf, UserError } from "../../../foundation/errors.ts";
import { npyLabels, npySeries } from "./npy.ts";
import type { Found } from "./store.ts";

/** Names of arrays with the classes of those before them: `y`, `y_train`, `labels`. */
const LABELS = /^(y|labels?|targets?|class(es)?)([ _-].*)?$/i;
const DATA = /^(x|data|series|values|inputs?|samples?)([ _-].*)?$/i;

/** `x_train` and `y_train` belong together. */
const suffixOf = (name: string): string => /[ _-](.*)$/.exec(name)?.[1]?.toLowerCase() ?? "";

/**
 * The series of a NumPy archive (`.npz`): those of each of its arrays, as of `.npy` files. An array called `y` or `labels`,
 * with as many values as there are series in `X`, has their classes; `y_train` has those of `X_train`.
 * @throws UserError when it is not one
 */
export async function npzSeries(path: string, name: string): Promise<Found[]> {
  if (!(await isZip(path))) throw new UserError(`${path}: not a NumPy archive (.npz)`);
  const { manifest } = await listZips([path], (entry) => entry.endsWith(".npy"));
  if (manifest.entries.length === 0) throw new UserError(`${path}: no array in it (.npy)`);
  const archive = zipEntries(manifest);
  try {
    const arrays = await Promise.all(
      archive.names.map(async (file, index) => {
        const own = file.replace(/\.npy$/, "");
        try {
          return { own, bytes: await archive.bytes(index) };
        } catch (error) {
          if (error instanceof BrokenSample) return { own, broken: error.message };
          throw error;
        }
      }),
    );
    const found: Found[] = [];
    for (const { own, bytes, broken } of arrays) {
      const isOnly = arrays.filter((array) => !LABELS.test(array.own)).length === 1;
      const title = isOnly ? name : `${name}/${own}`;
      if (LABELS.test(own) && arrays.some((array) => DATA.test(array.own) && suffixOf(array.own) === suffixOf(own)))
        continue;
      if (!bytes) {
        found.push({ name: title, broken: broken ?? "not read" });
        continue;
      }
      const mine = arrays.find((array) => LABELS.test(array.own) && suffixOf(array.own) === suffixOf(own));
      try {
        found.push(...labelled(npySeries(bytes, title), mine?.bytes, mine?.own ?? ""));
      } catch (error) {
        if (!(error instanceof BrokenSample)) throw error;
        found.push({ name: title, broken: messageOf(error) });
      }
    }
    const [only] = found;
    if (found.length === 1 && only?.broken !== undefined) throw new UserError(`${path}: ${only.broken}`);
    return found;
  } finally {
    await archive.close();
  }
}

/** Whether a file is an archive with an array. */
export async function holdsArrays(path: string): Promise<boolean> {
  if (!(await isZip(path))) return false;
  const { manifest } = await listZips([path], (entry) => entry.endsWith(".npy"));
  return manifest.entries.length > 0;
}

function labelled(series: readonly Found[], bytes: Uint8Array | undefined, array: string): Found[] {
  if (!bytes) return [...series];
  const labels = npyLabels(bytes);
  if (labels.length !== series.length)
    throw new BrokenSample(`${series.length} series, and ${labels.length} labels in the array ${array}`);
  return series.map((one, at) => ({ ...one, label: labels[at]! }));
}
