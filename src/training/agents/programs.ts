import type { Arrays, Host, Windows } from "../../agents/agent.ts";
import type { Drawn, Team } from "../../agents/team.ts";
import {
  type Array,
  filled,
  np,
  type Rng,
  scalar,
  specOf,
  type Tensor,
  type TensorSpec,
  type Tree,
  tree,
} from "../../array/index.ts";
import { compile, type DeviceTensor, type Program, read, valueAndGrad } from "../../engine/index.ts";
import type { Observation, ObservationSpace } from "../../environments/space.ts";
import { adamw } from "../optimizers/adamw.ts";
import { flatOf, joined, type Layout, layoutOf, leavesOf, split } from "./flat.ts";
import type { WindowTensors } from "./replay.ts";
import {
  type AgentState,
  deviceTree,
  free,
  type Group,
  type Groups,
  groups,
  type Leaf,
  merged,
  type NamedState,
  replaced,
  stacked,
} from "./state.ts";

export interface UpdateResult {
  readonly state: AgentState;
  readonly metrics: Readonly<Record<string, number>>;
  readonly priority?: Float32Array;
}

/** The compiled programs of an agent. Parameters are one vector, so that Adam is a few operators on all of them. */
export interface Programs {
  begin(rng: Rng): AgentState;
  /** The state on the host, with the parameters by their paths; and back. */
  named(state: AgentState): Promise<NamedState>;
  fromNamed(state: NamedState): AgentState;
  /**
   * One update of all that is due. The state that it is given is freed.
   * @param index 0 for the first
   */
  update(state: AgentState, windows: WindowTensors, drawn: Rng, index: number, progress: number): Promise<UpdateResult>;
  /** What `choose` decides by, a row for each observation. */
  act(state: AgentState, observations: readonly Observation[]): Promise<Float32Array[]>;
  /** The bonus of a fresh step. */
  bonus(state: AgentState, windows: WindowTensors): Promise<{ bonus: number; state: AgentState }>;
  dispose(): Promise<void>;
}

export interface ProgramOptions {
  readonly learningRate: number;
  readonly batchSize: number;
  readonly threads?: number;
  readonly profile?: string;
}

/** Programs of an agent, each compiled on first use. */
export function programsOf(team: Team, space: ObservationSpace, options: ProgramOptions, rng: Rng): Programs {
  const { batchSize, threads, learningRate } = options;
  const initial = team.init(rng.split("params"));
  const isDelayed = (path: string) => team.delayed !== undefined && path.startsWith(team.delayed.path);
  const layouts: Groups<Layout> = {
    always: layoutOf(initial, (path) => !isDelayed(path)),
    ...(team.delayed ? { delayed: layoutOf(initial, isDelayed) } : {}),
  };
  const present = groups.filter((group) => layouts[group] !== undefined);
  const each = <Of>(make: (group: Group) => Of): Groups<Of> =>
    Object.fromEntries(present.map((group) => [group, make(group)]));
  const structure = tree.map<Tensor, null>(initial, () => null);
  const unflat = (params: Groups<Array>): { tree: Arrays; leaves: Record<string, Array> } => {
    const leaves = Object.fromEntries(present.flatMap((group) => split(layouts[group]!, params[group]!)));
    return { leaves, tree: tree.map<null, Array>(structure, (_, path) => leaves[path]!) as Arrays };
  };
  const optimizer = adamw();
  const specsOf = (of: Tree<Leaf>) => tree.map<Leaf, TensorSpec>(of, specOf);
  /** What programs read that train nothing. */
  const still = ({ params, memory }: AgentState): { readonly [key: string]: Tree<Leaf> } => ({ params, memory });

  /** Names of the metrics, in the order of the vector that the program returns. */
  let metricNames: string[] = [];
  const updateWith =
    (trainsDelayed: boolean) =>
    (state: AgentState<Array>, windows: Windows, drawn: Drawn, numbers: { steps: Groups<Array>; progress: Array }) => {
      const trained = present.filter((group) => group === "always" || trainsDelayed);
      const memory = state.memory as Arrays;
      const { leaves } = unflat(state.params);
      const learned = Object.fromEntries(
        trained.flatMap((group) => layouts[group]!.leaves.map(({ path }) => [path, leaves[path]!] as const)),
      );
      const { loss, aux, gradients } = valueAndGrad((params: Readonly<Record<string, Array>>) => {
        const whole = tree.map<null, Array>(structure, (_, path) => params[path] ?? leaves[path]!) as Arrays;
        const {
          loss: value,
          metrics = {},
          memory: changed = {},
          priority,
        } = team.loss(whole, windows, memory, {
          ...{ drawn, progress: numbers.progress, trainsDelayed },
        });
        return { loss: value, aux: { metrics, changed, ...(priority ? { priority } : {}) } };
      }, learned);
      const updated = trained.map((group) => {
        const slots = { first: state.first[group]!, second: state.second[group]! };
        const { param, memory: next } = optimizer.update(
          state.params[group]!,
          joined(layouts[group]!, gradients),
          slots,
          {
            ...{ learningRate: np.array(learningRate), step: numbers.steps[group]!, isWeight: true, weightDecay: 0 },
          },
        );
        return { group, param, ...next } as { group: Group; param: Array; first: Array; second: Array };
      });
      const of = (key: "param" | "first" | "second") =>
        Object.fromEntries(updated.map((one) => [one.group, one[key]])) as Groups<Array>;
      const params = of("param");
      const after = merged(memory, aux.changed as Arrays);
      const last = team.afterStep(unflat({ ...state.params, ...params }).tree, after, trainsDelayed);
      const changed = Object.fromEntries(
        [...new Set([...Object.keys(aux.changed), ...Object.keys(last)])].map((part) => [
          part,
          { ...((aux.changed as Arrays)[part] as Arrays), ...(last[part] as Arrays) },
        ]),
      );
      metricNames = ["loss", ...Object.keys(aux.metrics)];
      const metrics = np.stack([loss, ...Object.values(aux.metrics)]);
      const priority: { readonly priority?: Array } = "priority" in aux ? { priority: aux.priority as Array } : {};
      return { params, first: of("first"), second: of("second"), changed, metrics, ...priority };
    };

  type Update = Awaited<ReturnType<typeof compileUpdate>>;
  const compileUpdate = async (
    state: AgentState,
    windows: WindowTensors,
    drawn: Tree<Tensor>,
    trainsDelayed: boolean,
  ) => {
    const numbers = { steps: each(() => scalar(0)), progress: scalar(0) };
    const program = await compile(updateWith(trainsDelayed), [specsOf({ ...state }), { ...windows }, drawn, numbers], {
      name: "update",
      threads,
      profile: options.profile,
    });
    return { program, names: metricNames };
  };
  const updates = new Map<boolean, Update>();
  const copies = new Map<number, Program<Arrays>>();
  const acts = new Map<number, Program<Array>>();
  let paying: Program<{ bonus: Array; memory: Arrays }> | undefined;

  const draws = (source: Rng): Record<string, Tensor> => {
    const { normals, uniforms } = team.draws;
    return {
      ...(normals > 0 ? { normals: source.split("normals").normals([batchSize, normals]) } : {}),
      ...(uniforms > 0 ? { uniforms: source.split("uniforms").uniforms([batchSize, uniforms]) } : {}),
    };
  };

  return {
    begin(source) {
      const params = team.init(source.split("params"));
      const zeros = () => each((group) => filled([layouts[group]!.size], 0));
      return {
        params: each((group) => flatOf(layouts[group]!, params)),
        first: zeros(),
        second: zeros(),
        memory: team.initMemory(source.split("memory"), params),
      };
    },
    async named(state) {
      const { params, first, second, memory } = (await read(deviceTree({ ...state }))) as unknown as AgentState<Tensor>;
      const byPath = new Map(present.flatMap((group) => leavesOf(layouts[group]!, params[group]!)));
      return {
        params: tree.map<null, Tensor>(structure, (_, path) => byPath.get(path)!) as Host,
        ...{ first: first as Host, second: second as Host, memory: memory as Host },
      };
    },
    fromNamed: ({ params, first, second, memory }) => ({
      params: each((group) => flatOf(layouts[group]!, params)),
      first: first as Groups<Tensor>,
      second: second as Groups<Tensor>,
      memory,
    }),
    async update(state, windows, source, index, progress) {
      const every = team.delayed?.every ?? 1;
      const trainsDelayed = (index + 1) % every === 0;
      const drawn = draws(source);
      let compiled = updates.get(trainsDelayed);
      if (!compiled) {
        compiled = await compileUpdate(state, windows, drawn, trainsDelayed);
        updates.set(trainsDelayed, compiled);
      }
      const steps = each((group) => scalar(group === "always" ? index + 1 : Math.ceil((index + 1) / every)));
      const outputs = await compiled.program.run({ ...state }, { ...windows }, drawn, {
        ...{ steps, progress: scalar(progress) },
      });
      for (const group of present)
        if (group === "always" || trainsDelayed)
          free([state.params[group]!, state.first[group]!, state.second[group]!]);
      let next: AgentState = {
        params: { ...state.params, ...outputs.params },
        first: { ...state.first, ...outputs.first },
        second: { ...state.second, ...outputs.second },
        memory: replaced(state.memory, outputs.changed),
      };
      const { data } = await outputs.metrics.read();
      const metrics = Object.fromEntries(compiled.names.map((name, at) => [name, Number(data[at])]));
      const priority = outputs.priority ? (await outputs.priority.read()).data : undefined;
      for (const [at, { every: copied, copy }] of team.copies.entries()) {
        if ((index + 1) % copied !== 0) continue;
        let program = copies.get(at);
        if (!program) {
          const copying = (current: { params: Groups<Array>; memory: Arrays }) =>
            copy(unflat(current.params).tree, current.memory);
          program = await compile(copying, [specsOf(still(next))], {
            ...{ name: "copies", threads },
          });
          copies.set(at, program);
        }
        const changed = (await program.run(still(next))) as AgentState["memory"];
        next = { ...next, memory: replaced(next.memory, changed) };
      }
      return { state: next, metrics, ...(priority instanceof Float32Array ? { priority } : {}) };
    },
    async act(state, observations) {
      const batch = observations.length;
      let program = acts.get(batch);
      const seen = Object.fromEntries(
        Object.entries(space).map(([name, { shape }]): [string, Tensor] => [name, stacked(observations, name, shape)]),
      );
      if (!program) {
        const acting = (current: { params: Groups<Array>; memory: Arrays }, observation: Record<string, Array>) =>
          team.act(unflat(current.params).tree, current.memory, observation);
        program = await compile(acting, [specsOf(still(state)), seen], {
          ...{ name: "act", threads },
        });
        acts.set(batch, program);
      }
      const { data } = await (await program.run(still(state), seen)).read();
      const size = data.length / batch;
      return observations.map((_, at) => Float32Array.from(data.subarray(at * size, (at + 1) * size)));
    },
    async bonus(state, windows) {
      if (!paying) {
        const pay = (current: { params: Groups<Array>; memory: Arrays }, fresh: Windows) =>
          team.bonus(unflat(current.params).tree, current.memory, fresh);
        paying = await compile(pay, [specsOf(still(state)), { ...windows }], {
          ...{ name: "bonus", threads },
        });
      }
      const outputs = (await paying.run(still(state), { ...windows })) as unknown as {
        bonus: DeviceTensor;
        memory: AgentState["memory"];
      };
      const { data } = await outputs.bonus.read();
      return { bonus: Number(data[0]), state: { ...state, memory: replaced(state.memory, outputs.memory) } };
    },
    async dispose() {
      for (const { program } of updates.values()) await program.dispose();
      for (const program of [...copies.values(), ...acts.values(), ...(paying ? [paying] : [])])
        await program.dispose();
    },
  };
}
