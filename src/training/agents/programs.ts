import type { Arrays, Host, Windows } from "../../agents/agent.ts";
import type { Team } from "../../agents/team.ts";
import {
  type Array,
  filled,
  type Rng,
  scalar,
  specOf,
  type Tensor,
  type TensorSpec,
  type Tree,
  tree,
} from "../../array/index.ts";
import { compile, type Device, type DeviceTensor, type Program, read } from "../../engine/index.ts";
import type { Observation, ObservationSpace } from "../../environments/space.ts";
import type { WindowTensors } from "./replay.ts";
import { type AgentState, deviceTree, free, type Leaf, type NamedState, replaced, stacked } from "./state.ts";
import { unjoined, updateOf } from "./update.ts";
import { leavesOf, type Vector, vectorOf, vectorsOf } from "./vectors.ts";

export interface UpdateResult {
  readonly state: AgentState;
  readonly metrics: Readonly<Record<string, number>>;
  readonly priority?: Float32Array;
}

/** The compiled programs of an agent. Small parameters are one vector, so that Adam takes few operators. */
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

/** What programs read that train nothing. */
type Still = Pick<AgentState<Array>, "params"> & { readonly memory: Arrays };

export interface ProgramOptions {
  readonly learningRate: number;
  readonly batchSize: number;
  readonly threads?: number;
  /** Where updates are computed; by default the CPU. */
  readonly device?: Device;
  readonly profile?: string;
}

/** Programs of an agent, each compiled on first use. */
export function programsOf(team: Team, space: ObservationSpace, options: ProgramOptions, rng: Rng): Programs {
  const { batchSize, threads, learningRate } = options;
  const initial = team.init(rng.split("params"));
  const isDelayed = (path: string) => team.delayed !== undefined && path.startsWith(team.delayed.path);
  const vectors = vectorsOf(initial, isDelayed);
  const each = <Of>(make: (vector: Vector) => Of): Record<string, Of> =>
    Object.fromEntries(vectors.map((vector) => [vector.name, make(vector)]));
  const structure = tree.map<Tensor, null>(initial, () => null);
  const specsOf = (of: Tree<Leaf>) => tree.map<Leaf, TensorSpec>(of, specOf);
  /** What programs read that train nothing. */
  const still = ({ params, memory }: AgentState): { readonly [key: string]: Tree<Leaf> } => ({ params, memory });

  type Update = Awaited<ReturnType<typeof compileUpdate>>;
  const compileUpdate = async (
    state: AgentState,
    windows: WindowTensors,
    drawn: Tree<Tensor>,
    trainsDelayed: boolean,
  ) => {
    const numbers = { steps: { always: scalar(0), delayed: scalar(0) }, progress: scalar(0) };
    const { update, names } = updateOf(team, vectors, structure, learningRate, trainsDelayed);
    const program = await compile(update, [specsOf({ ...state }), { ...windows }, drawn, numbers], {
      ...{ name: "update", threads, device: options.device, profile: options.profile },
    });
    return { program, names };
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
      const zeros = () => each(({ shape }) => filled(shape, 0));
      return {
        params: each((vector) => vectorOf(vector, params)),
        first: zeros(),
        second: zeros(),
        memory: team.initMemory(source.split("memory"), params),
      };
    },
    async named(state) {
      const { params, first, second, memory } = (await read(deviceTree({ ...state }))) as unknown as AgentState<Tensor>;
      const byPath = new Map(vectors.flatMap((vector) => leavesOf(vector, params[vector.name]!)));
      return {
        params: tree.map<null, Tensor>(structure, (_, path) => byPath.get(path)!) as Host,
        ...{ first: first as Host, second: second as Host, memory: memory as Host },
      };
    },
    fromNamed: ({ params, first, second, memory }) => ({
      params: each((vector) => vectorOf(vector, params)),
      first: first as Record<string, Tensor>,
      second: second as Record<string, Tensor>,
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
      const steps = { always: scalar(index + 1), delayed: scalar(Math.floor((index + 1) / every)) };
      const outputs = await compiled.program.run({ ...state }, { ...windows }, drawn, {
        ...{ steps, progress: scalar(progress) },
      });
      for (const name of Object.keys(outputs.params))
        free([state.params[name]!, state.first[name]!, state.second[name]!]);
      let next: AgentState = {
        params: { ...state.params, ...outputs.params },
        first: { ...state.first, ...outputs.first },
        second: { ...state.second, ...outputs.second },
        memory: replaced(state.memory, outputs.changed),
      };
      const { data } = await outputs.metrics.read();
      const metrics = Object.fromEntries(compiled.names.map((name, at) => [name, Number(data[at])]));
      const priority = (await outputs.priority[0]?.read())?.data;
      for (const [at, { every: copied, copy }] of team.copies.entries()) {
        if ((index + 1) % copied !== 0) continue;
        let program = copies.get(at);
        if (!program) {
          const copying = (current: Still) => copy(unjoined(vectors, structure, current.params).whole, current.memory);
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
        const acting = (current: Still, observation: Record<string, Array>) =>
          team.act(unjoined(vectors, structure, current.params).whole, current.memory, observation);
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
        const pay = (current: Still, fresh: Windows) =>
          team.bonus(unjoined(vectors, structure, current.params).whole, current.memory, fresh);
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
