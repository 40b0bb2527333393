import assert from "node:assert/strict";
import { cp, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ModalityDefinition } from "../../src/data/modality.ts";
import { openPaths } from "../../src/data/paths/open.ts";
import { arrangePaths, cutPaths, reopenPaths } from "../../src/data/paths/reopen.ts";
import type { Source } from "../../src/data/source.ts";
import type { Specimen } from "./specimen.ts";

/** A second place with the same data: of a file with everything that lies beside it. */
async function copyOf(data: string, folder: string): Promise<string> {
  const isFolder = (await stat(data)).isDirectory();
  const second = join(folder, "elsewhere");
  await cp(isFolder ? data : dirname(data), second, { recursive: true });
  return isFolder ? second : join(second, basename(data));
}

const namesOf = (source: Source<unknown>) => Array.from({ length: source.length }, (_, index) => source.name(index));
const textOf = ({ classes, labels }: Source<unknown>) => labels && Array.from(labels, (label) => classes?.[label]);

/**
 * Data at two paths are read as one source: opened, learned from, cut, arranged, and opened again from the manifest.
 * @param folder an empty one for the copy
 */
export async function assertTwoPaths(
  definition: ModalityDefinition,
  specimen: Specimen,
  folder: string,
): Promise<void> {
  const paths = [specimen.data, await copyOf(specimen.data, folder)];
  const single = await definition.open(specimen.data);
  const source = await openPaths(definition, paths);
  const half = single.length;
  assert.equal(source.length, 2 * half);
  const [names, own] = [namesOf(source), namesOf(single)];
  for (const [at, name] of own.entries()) {
    assert.ok(names[at]!.endsWith(name) && names[at] !== name, names[at]);
    assert.ok(names[half + at]!.endsWith(name) && names[half + at] !== names[at], names[half + at]);
  }
  const texts = textOf(single);
  assert.deepEqual(textOf(source), texts && [...texts, ...texts]);
  assert.match(await source.contents!(), /^[0-9a-f]{16}$/);

  const options = definition.options.parse({ ...(await definition.infer(source)), ...specimen.options });
  const files = await definition.learn?.(source, options);
  const modality = definition.build(options, files);
  const cut = await cutPaths(definition, source, options);
  const arranged = await arrangePaths(definition, cut, options, files ?? {});
  for (const made of new Set([source, cut, arranged])) {
    const again = await reopenPaths(definition, structuredClone(made.manifest), options);
    assert.deepEqual([again.length, again.classes, again.labels], [made.length, made.classes, made.labels]);
    for (const index of [0, made.length - 1]) {
      assert.equal(again.name(index), made.name(index));
      const whole = made.whole?.(index) ?? index;
      if (made !== source && made.whole) assert.ok(whole >= (index === 0 ? 0 : half) && whole < 2 * half, `${whole}`);
      const [one, other] = [await again.read(index), await made.read(index)];
      assert.ok(isDeepStrictEqual(modality.tensors(one), modality.tensors(other)), again.name(index));
    }
    await again.close();
  }
  if (arranged !== cut) await arranged.close();
  if (cut !== source) await cut.close();
  await source.close();
  await single.close();
}
