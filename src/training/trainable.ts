import { type Tree, tree } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import { isLora } from "../layers/lora.ts";
import { isStatistic } from "../layers/scope.ts";
import type { Training } from "./run/config.ts";

/** By default all of the encoder is trained at one rate. */
export type TrainableOptions = Partial<
  Pick<Training, "freeze" | "frozenLayers" | "layerDecay" | "loraRank" | "constantRate">
>;

/**
 * The paths of the parameters in parts of the encoder that are named to be frozen, running statistics among them.
 * @throws UserError when there is no such part
 */
export function frozenByName(params: Tree<unknown>, parts: readonly string[] = []): ReadonlySet<string> {
  const paths = tree.paths(params).filter((path) => path.startsWith("encoder."));
  const inPart = (part: string) => paths.filter((path) => `${path}.`.startsWith(`encoder.${part}.`));
  for (const part of parts)
    if (inPart(part).length === 0)
      throw new UserError(
        `--freeze ${part}: the encoder has no such part; it has ${[...new Set(paths.map((path) => path.split(".")[1]))].join(", ")}`,
      );
  return new Set(parts.flatMap(inPart));
}

/**
 * The paths of the parameters whose learning rate is constant.
 * @throws UserError when there is no such part
 */
export function atConstantRate(params: Tree<unknown>, parts: readonly string[] = []): ReadonlySet<string> {
  const paths = tree.paths(params);
  return new Set(
    parts.flatMap((part) => {
      const within = paths.filter((path) => `${path}.`.startsWith(`${part}.`));
      if (within.length > 0) return within;
      const found = [...new Set(paths.map((path) => path.split(".")[0]))].join(", ");
      throw new UserError(`--constant-rate ${part}: the parameters have no such part; they have ${found}`);
    }),
  );
}

/**
 * Which parameters are trained, by path, and the factor of each one's learning rate. Layers of the encoder are counted
 * from the input: what comes before `blocks` or `stages` is layer 0, `blocks.N` is layer N + 1, and what comes after them
 * is the layer above. With `layerDecay` d, layer l of L has the factor d^(L + 1 − l), as in BEiT's and MAE's fine-tuning
 * (https://arxiv.org/abs/2106.08254); heads have 1.
 * @throws UserError when a part to freeze or at a constant rate does not exist, more layers are frozen than exist, or all layers with LoRA adapters are frozen
 */
export function trainable(
  params: Tree<unknown>,
  { freeze, frozenLayers = 0, layerDecay = 1, loraRank = 0, constantRate }: TrainableOptions,
): Map<string, number> {
  const encoder = tree
    .paths(params)
    .flatMap((path) => (path.startsWith("encoder.") ? [path.slice("encoder.".length)] : []));
  const frozen = frozenByName(params, freeze);
  // Asked here too, so that a part that does not exist is found before anything is written.
  atConstantRate(params, constantRate);
  const blockOf = (path: string): number | undefined => {
    const [, block] = /^(?:blocks|stages)\.(\d+)\./.exec(path) ?? [];
    return block === undefined ? undefined : Number(block);
  };
  const blocks = Math.max(0, ...encoder.map((path) => (blockOf(path) ?? -1) + 1));
  const firstBlock = encoder.findIndex((path) => blockOf(path) !== undefined);
  // Parameters stand in the order in which they are used.
  const layers = new Map(
    encoder.map((path, at) => {
      const block = blockOf(path);
      const layer = block !== undefined ? block + 1 : at > firstBlock && firstBlock >= 0 ? blocks + 1 : 0;
      return [`encoder.${path}`, layer];
    }),
  );
  const count = Math.max(...layers.values(), 0) + 1;
  if (frozenLayers > count)
    throw new UserError(
      `--frozen-layers ${frozenLayers}: this encoder has ${count} layers, counted from its embedding`,
    );
  const additions = encoder.filter(isLora);
  if (loraRank > 0 && additions.length === 0)
    throw new UserError("--lora-rank adds to the linear layers of blocks; this encoder has none");
  if (loraRank > 0 && additions.every((path) => layers.get(`encoder.${path}`)! < frozenLayers))
    throw new UserError(`--frozen-layers ${frozenLayers} leaves no block that --lora-rank could add to`);
  const scales = new Map<string, number>();
  for (const path of tree.paths(params)) {
    const layer = layers.get(path);
    if (isStatistic(path) || frozen.has(path)) continue;
    if (layer !== undefined && (layer < frozenLayers || (loraRank > 0 && !isLora(path)))) continue;
    scales.set(path, layer === undefined ? 1 : layerDecay ** (blocks + 1 - layer));
  }
  return scales;
}
