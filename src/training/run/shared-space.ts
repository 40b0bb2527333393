import { modalities, offerOf, sides as sidesAbility } from "../../data/index.ts";
import { sharedSpace, towers as towersAbility } from "../../encoders/abilities.ts";
import type { Inputs, Params } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { Method, MethodParams } from "../../methods/index.ts";
import { methodOf, parseOptions, type Run } from "./run.ts";

/** A run on pairs, as runs on each of its sides, by the side's kind. */
export type SharedSides = ReadonlyMap<string, Run>;

/** Whether a run is on pairs, and places both sides into one space. */
export const hasSharedSpace = ({ modality, encoder }: Pick<Run, "modality" | "encoder">): boolean =>
  offerOf(modality, sidesAbility) !== undefined && offerOf(encoder, sharedSpace) !== undefined;

/** How a run's method judges samples of two kinds, with its parameters. */
export interface Matching {
  readonly by: NonNullable<Method["matching"]>;
  readonly params: MethodParams;
}

/**
 * How a run tells whether samples of two kinds belong together. Undefined if its method learns nothing of the kind: it leaves the
 * shared space of its encoder, if there is one, as it was at the start.
 * @throws UserError as `methodOf`
 *
 * @example
 * const matching = await matchingOf(await openRun("runs/clip"));
 * if (!matching) console.log("trained by a method that does not match one side to the other");
 */
export async function matchingOf(run: Run): Promise<Matching | undefined> {
  const { method } = await methodOf(run);
  const { matching: by } = method.exported?.task ?? method;
  return by && { by, params: method.exported?.params(run.methodParams) ?? run.methodParams };
}

/**
 * Each side of a run on pairs as a run on data of its own kind, whose vectors are those in the space that both sides share: vectors
 * of different sides can be compared. Their parameters are those of the whole run, so that embeddings tell which run they are from.
 * Only `apply` of their encoders is for use.
 * @throws UserError when the run is not on pairs, or has no such space
 *
 * @example
 * const sides = await sharedSides(await openRun("runs/clip"));
 * for (const [name, { encoder }] of sides) console.log(name, encoder.embedDim);
 */
export async function sharedSides(run: Run): Promise<SharedSides> {
  const { path, modality, modalityDefinition, modalityOptions, encoder, config } = run;
  const sides = offerOf(modality, sidesAbility);
  if (!sides) throw new UserError(`${path}: a run on ${modality.name} data, not on pairs of two kinds of data`);
  const space = offerOf(encoder, sharedSpace);
  if (!space)
    throw new UserError(
      `${path}: its encoder ${encoder.name} has no space that ${sides.names.join(" and ")} share; train one with --method clip, or name one side of this run: ${sides.names.map((name) => `${path}/${name}`).join(" or ")}`,
    );
  const result = new Map<string, Run>();
  for (const name of sides.names) {
    const definition = await modalities.load(name);
    const options = parseOptions(
      definition.options,
      modalityDefinition.sides?.options(modalityOptions, name) ?? {},
      `modality ${name}`,
    );
    const tower = offerOf(encoder, towersAbility)?.[name]?.encoder;
    result.set(name, {
      ...run,
      modalityDefinition: definition,
      modalityOptions: options,
      modality: sides.modality(name),
      encoder: {
        ...encoder,
        // Batches are as large as its tokens allow.
        ...(tower && "tokens" in tower ? { tokens: tower.tokens } : {}),
        embedDim: space.dim,
        apply: (params: Params, inputs: Inputs) => space.embed(params, name, inputs),
      },
      config: { ...config, modality: { ...config.modality, name, options } },
    });
  }
  return result;
}
