import { type Array, np, sizeOf } from "../array/index.ts";
import type { Training } from "./config.ts";
import type { Optimizer, UpdateContext } from "./optimizers/optimizer.ts";

/** A trained parameter with all that its update needs. */
export interface Trained {
  readonly path: string;
  readonly param: Array;
  readonly gradient: Array;
  /** What the optimiser remembers of it, by slot. */
  readonly memory: Readonly<Record<string, Array>>;
  /** Factor of its learning rate. */
  readonly scale: number;
  readonly isWeight: boolean;
}

/** A parameter as it is from now on. */
export type Updated = Pick<Trained, "param" | "memory">;

/** Elements under which an operation costs as much to start as to run. */
const SMALL = 2 ** 13;
/** Parameters that are updated in one: no more arrays than a WebGPU kernel may read. */
const TOGETHER = 7;

/**
 * One step of the optimiser, gradients clipped together to a length of `gradientClip` (0: not). Small parameters — biases,
 * norms, which are most of those of a Transformer — are laid end to end and updated as one, where the update looks at
 * each element for itself.
 * @returns the parameters by path, in no certain order, and the length of all gradients before they were clipped
 */
export function updateAll(
  optimizer: Optimizer,
  trained: readonly Trained[],
  { learningRate, step }: Pick<UpdateContext, "learningRate" | "step">,
  { weightDecay, gradientClip }: Pick<Training, "weightDecay" | "gradientClip">,
): { updates: Map<string, Updated>; gradNorm: Array } {
  const groups = groupsOf(trained, optimizer.elementwise).map((group) => ({
    group,
    gradient: joined(group.map(({ gradient }) => gradient)),
  }));
  const squares = groups.map(({ gradient }) => np.sum(np.square(gradient)));
  const gradNorm = np.sqrt(squares.reduce((sum, square) => np.add(sum, square)));
  const clip =
    gradientClip > 0 ? np.minimum(1, np.multiply(np.reciprocal(np.add(gradNorm, 1e-6)), gradientClip)) : undefined;

  const updates = groups.flatMap(({ group, gradient }) => {
    const [{ scale, isWeight }] = group;
    const memory = optimizer.slots.map((slot) => [slot, joined(group.map((one) => one.memory[slot]!))] as const);
    const result = optimizer.update(
      joined(group.map(({ param }) => param)),
      clip ? np.multiply(gradient, clip) : gradient,
      Object.fromEntries(memory),
      {
        learningRate: scale === 1 ? learningRate : np.multiply(learningRate, scale),
        step,
        isWeight,
        weightDecay: isWeight ? weightDecay : 0,
      },
    );
    const params = apart(result.param, group);
    const slots = optimizer.slots.map((slot) => [slot, apart(result.memory[slot]!, group)] as const);
    return group.map(({ path }, at): [string, Updated] => [
      path,
      { param: params[at]!, memory: Object.fromEntries(slots.map(([slot, parts]) => [slot, parts[at]!])) },
    ]);
  });
  return { updates: new Map(updates), gradNorm };
}

type Group = [Trained, ...Trained[]];

/** Small parameters that are updated alike, a few at a time; every other for itself. */
function groupsOf(trained: readonly Trained[], elementwise: boolean): Group[] {
  const groups: Group[] = [];
  const open = new Map<string, Group>();
  for (const one of trained) {
    const key = `${one.isWeight} ${one.scale}`;
    const group = open.get(key);
    const joins = elementwise && sizeOf(one.param.shape) <= SMALL;
    if (joins && group && group.length < TOGETHER) group.push(one);
    else {
      const fresh: Group = [one];
      groups.push(fresh);
      if (joins) open.set(key, fresh);
    }
  }
  return groups;
}

const joined = (arrays: readonly Array[]): Array =>
  arrays.length === 1 ? arrays[0]! : np.concatenate(arrays.map((array) => np.reshape(array, [array.size])));

/** The parts of a joined array, each of its parameter's shape. */
function apart(whole: Array, group: Group): Array[] {
  if (group.length === 1) return [whole];
  let end = 0;
  const ends = group.map(({ param }) => {
    end += param.size;
    return end;
  });
  return np.split(whole, ends.slice(0, -1)).map((part, at) => np.reshape(part, group[at]!.param.shape));
}
