import { type Array, np, type Rng, type Traced, type Tree, type TreeRecord } from "../../array/index.ts";
import type { InitialParams } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";
import type { EpochContext, Method, MethodParams, Schedule } from "../method.ts";

/** A method of a combination, built. */
export interface Part {
  readonly title: string;
  /** Factor of its loss in the sum. */
  readonly weight: number;
  readonly method: Method;
}

/**
 * Several methods as one that trains them all: the weighted sum of their losses, everything else kept by title. Token
 * logits and prototypes are the first method's that has them.
 * @throws UserError when two learn from labels
 */
export function sumOf(parts: readonly Part[]): Method {
  /** The results by task, without tasks that have none. */
  const ofEach = <Result>(make: (part: Part) => Result | undefined): Record<string, Result> =>
    Object.fromEntries(
      parts.flatMap((part): [string, Result][] => {
        const result = make(part);
        return result === undefined ? [] : [[part.title, result]];
      }),
    );
  const [labelled, second] = parts.filter(({ method }) => method.answers);
  if (labelled && second)
    throw new UserError(`${labelled.title} and ${second.title} both learn from labels; use one of them`);
  const has = (member: keyof Method) => parts.some(({ method }) => method[member]);
  const some = <Members>(condition: boolean, members: Members) => (condition ? members : {});

  return {
    views: (sample, rng, entry) => ofEach(({ title, method }) => method.views(sample, rng.split(title), entry)),
    init(rng) {
      const made = parts.map(({ title, method }) => ({ title, ...method.init(rng.split(title)) }));
      const tasks = made.map(({ title, encoder: _, ...heads }): [string, InitialParams] => [title, heads]);
      return { encoder: made[0]!.encoder, tasks: Object.fromEntries(tasks) };
    },
    ...some(has("initMemory"), {
      initMemory: (rng: Rng, params: MethodParams) =>
        ofEach(({ title, method }) => method.initMemory?.(rng.split(title), paramsOf(params, title))),
    }),
    loss(params, batch, memory, schedule) {
      const results = ofEach(({ title, method }) =>
        method.loss(paramsOf(params, title), inside(batch, title), inside(memory, title), schedule),
      );
      const losses = parts.map(({ title, weight }) => np.multiply(results[title]!.loss, weight));
      return {
        loss: losses.reduce((sum, loss) => np.add(sum, loss)),
        metrics: named(ofEach(({ title }) => ({ loss: results[title]!.loss, ...results[title]!.metrics }))),
        memory: { ...memory, ...ofEach(({ title }) => results[title]!.memory) },
      };
    },
    ...some(has("afterStep"), {
      afterStep: (params: Traced<MethodParams>, memory: TreeRecord<Array>, schedule: Schedule) => ({
        ...memory,
        ...ofEach(({ title, method }) => method.afterStep?.(paramsOf(params, title), inside(memory, title), schedule)),
      }),
    }),
    ...some(has("look"), {
      look: (params: Traced<MethodParams>, batch: TreeRecord<Array>, memory: TreeRecord<Array>, schedule: Schedule) =>
        named(
          ofEach(({ title, method }) =>
            method.look?.(paramsOf(params, title), inside(batch, title), inside(memory, title), schedule),
          ),
        ),
    }),
    ...predictions(labelled),
    ...tokenPredictions(parts.find(({ method }) => method.tokenLogits)),
    ...exportedOf(
      (["matching", "writer", "tokenLogits"] as const).flatMap(
        (way) => parts.find(({ method }) => method[way]) ?? [],
      )[0],
    ),
    ...prototypesOf(parts.find(({ method }) => method.prototypes)),
    ...some(has("beforeEpoch"), {
      async beforeEpoch(context: EpochContext<MethodParams, InitialParams>) {
        let { params, memory } = context;
        for (const { title, method } of parts) {
          if (!method.beforeEpoch) continue;
          const task = {
            params: paramsOf(params, title),
            memory: inside(memory, title),
            rng: context.rng.split(title),
          };
          const changed = await method.beforeEpoch({ ...context, ...task });
          const { encoder, ...heads } = changed.params;
          params = { encoder, tasks: { ...inside(params, "tasks"), [title]: heads } };
          memory = { ...memory, [title]: changed.memory };
        }
        return { params, memory };
      },
    }),
  };
}

/** The predictions of the task that learns from labels. */
function predictions(part: Part | undefined): Pick<Method, "answers" | "predict" | "linearHead"> {
  if (!part) return {};
  const { answers, predict, linearHead } = part.method;
  return {
    answers,
    ...(predict ? { predict: (params, inputs) => predict(paramsOf(params, part.title), inputs) } : {}),
    ...(linearHead ? { linearHead: (params) => linearHead(paramsOf(params, part.title)) } : {}),
  };
}

/** The first task's that predicts tokens. */
function tokenPredictions(part: Part | undefined): Pick<Method, "tokenLogits"> {
  const logits = part?.method.tokenLogits;
  if (!part || !logits) return {};
  return { tokenLogits: (params, inputs) => logits(paramsOf(params, part.title), inputs) };
}

/** The task that other programs can use as it is. */
const exportedOf = (part: Part | undefined): Pick<Method, "exported"> =>
  part ? { exported: { task: part.method, params: (params) => paramsOf(params, part.title) } } : {};

/** The first task's that has prototypes. */
function prototypesOf(part: Part | undefined): Pick<Method, "prototypes"> {
  const score = part?.method.prototypes;
  if (!part || !score) return {};
  return {
    prototypes: (params, features, memory) => score(paramsOf(params, part.title), features, inside(memory, part.title)),
  };
}

/** The branch of that name; empty for a task without memory. */
function inside<Leaf>(record: TreeRecord<Leaf>, key: string): TreeRecord<Leaf> {
  const branch = record[key];
  if (branch === undefined) return {};
  if (isRecord(branch)) return branch;
  throw new Error(`${key} is not a branch of the tree`);
}

const isRecord = <Leaf>(branch: Tree<Leaf>): branch is TreeRecord<Leaf> =>
  typeof branch === "object" && branch !== null && !globalThis.Array.isArray(branch) && !("shape" in branch);

/** One task's parameters as its method expects them: its heads and the shared encoder. */
const paramsOf = <Leaf>(params: TreeRecord<Leaf> & { readonly encoder: TreeRecord<Leaf> }, title: string) => ({
  ...inside(inside(params, "tasks"), title),
  encoder: params.encoder,
});

/** `{ simclr: { accuracy } }` → `{ "simclr/accuracy" }`. */
const named = <Value>(byTitle: Readonly<Record<string, Readonly<Record<string, Value>>>>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(byTitle).flatMap(([title, values]) =>
      Object.entries(values).map(([key, value]): [string, Value] => [`${title}/${key}`, value]),
    ),
  );
