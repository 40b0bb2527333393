import { existsSync } from "node:fs";
import { type Tensor, tree, Zeros } from "../../array/index.ts";
import type { Encoder, InitialParams } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { readSpecs } from "../../interop/safetensors.ts";
import { mergeLora } from "../../layers/lora.ts";
import type { MethodDefinition, MethodParams } from "../../methods/index.ts";
import { learnedParams } from "../../methods/learned.ts";
import type { HostState } from "../step.ts";
import { askedOf, checkpointPath, loadCheckpoint, type Position } from "./checkpoint.ts";
import type { RunConfig } from "./config.ts";

export interface Weights {
  /** All of the method's parameters, the encoder's under `encoder`. */
  readonly weights: MethodParams;
  /** The encoder's parameters, of the shapes that config.json asks for. */
  readonly encoder: InitialParams;
  readonly position: Position;
}

/** The parameters that a state is evaluated by: the running average if there is one, and the teacher's if the method says so. */
export function evaluatedWeights(
  method: MethodDefinition,
  { params, ema, memory }: Pick<HostState, "params" | "ema" | "memory">,
): MethodParams {
  const current = Object.keys(ema).length > 0 ? ema : params;
  // The trees of a state are the method's.
  return mergeLora(learnedParams(method, current as MethodParams, memory as InitialParams));
}

/**
 * The parameters of a run to evaluate: the running average if the run kept one, and the teacher's if the method says so.
 * @param checkpoint by default `best` with validation, since early stopping ends later than the best epoch; else `last`
 * @throws UserError when there is no checkpoint, or it is damaged or of another encoder
 */
export async function loadWeights(
  path: string,
  { supervision }: Pick<RunConfig, "supervision">,
  { encoder, methodDefinition }: { readonly encoder: Encoder; readonly methodDefinition: MethodDefinition },
  checkpoint?: "last" | "best",
): Promise<Weights> {
  const load = async (which: "last" | "best") => {
    const file = checkpointPath(path, which);
    const asked = askedOf(file, "params.encoder.", await readSpecs(file), () => encoder.init(new Zeros()));
    return { file, asked, ...(await loadCheckpoint(file)) };
  };
  const counting = async () => {
    if (supervision && existsSync(checkpointPath(path, "best"))) {
      const best = await load("best");
      if (best.position.validation) return best;
    }
    return load("last");
  };
  const { file, asked, state, position } = await (checkpoint ? load(checkpoint) : counting());
  const weights = evaluatedWeights(methodDefinition, state);
  const byPath = new Map(tree.entries<Tensor>(weights));
  // The average and the teacher must have the shapes of the parameters.
  const params = tree.map<Tensor, Tensor>(asked, (leaf, leafPath) => {
    const found = byPath.get(`encoder.${leafPath}`);
    if (!found || found.dtype !== leaf.dtype || found.shape.join() !== leaf.shape.join())
      throw new UserError(`${file}: has no ${leafPath} of the shape that the run's config.json asks for`);
    return found;
  });
  // The same tree with other leaves.
  return { weights, encoder: params as InitialParams, position };
}
