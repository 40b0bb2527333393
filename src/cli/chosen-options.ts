import {
  type EncoderDefinition,
  encoderOf,
  encoders,
  type MethodDefinition,
  type ModalityDefinition,
  methods,
  modalities,
  optionOwners,
  presetOf,
} from "../index.ts";
import { type Choice, type Definition, GENERAL, type Group, groupsOf, trainingGroups } from "./option-groups.ts";

/**
 * Loads what is named, and for the rest the defaults that pre-training itself would use.
 * @param defaultEncoder of the data
 */
export async function choose(
  names: { method?: string; encoder?: string; preset?: string },
  modality: ModalityDefinition,
  defaultEncoder = modality.defaultEncoder,
) {
  const method = await methods.load(names.method ?? modality.defaultMethod);
  if (names.preset !== undefined) presetOf(method, names.preset);
  const encoder = await encoderOf(names.encoder, names.preset, method, { ...modality, defaultEncoder });
  return { modality, method, encoder } satisfies Choice;
}

type Chosen = EncoderDefinition | MethodDefinition | ModalityDefinition;

/** A definition with its options; in a combination of methods, each option's owner is the task it belongs to. */
function definitionOf(chosen: Chosen): Definition {
  const owners = "tasks" in chosen && chosen.tasks ? [...optionOwners(chosen.tasks)] : [];
  const { name, options } = chosen;
  return { name, options, owners: new Map(owners.map(([key, { task }]) => [key, task.definition.name])) };
}

/**
 * All option groups, each flag under its name on the command line. Where names clash, the later of training, encoders,
 * methods and modalities is prefixed with its owner's name (`--size` is the ViT's, `--image-size` the images'). This does
 * not depend on what is chosen, so a flag means the same on every command line. A definition from a user's file never
 * takes a flag name from a built-in one, and replaces a built-in definition of the same name.
 * @param chosen adds what is not built in: an encoder, method or modality from a file, or several methods at once
 */
export async function optionGroups(chosen: Choice): Promise<Group[]> {
  const combined = chosen.method?.tasks ? [chosen.method] : [];
  const kinds: ["encoder" | "method" | "modality", readonly Chosen[]][] = [
    ["encoder", await encoders.all()],
    ["method", [...(await methods.all()), ...combined]],
    ["modality", await modalities.all()],
  ];
  const taken = new Set(GENERAL);
  let groups = trainingGroups(taken);
  for (const [kind, all] of kinds) groups.push(...groupsOf(kind, all.map(definitionOf), taken));
  for (const [kind, all] of kinds) {
    const one = chosen[kind];
    if (!one || all.includes(one)) continue;
    const others = groups.filter((group) => group.kind !== kind).flatMap(({ flags }) => [...flags.keys()]);
    groups = [
      ...groups.filter((group) => group.kind !== kind || group.name !== one.name),
      ...groupsOf(kind, [definitionOf(one)], new Set([...GENERAL, ...others])),
    ];
  }
  return groups;
}
