import type * as z from "zod";
import { type Array, lax, np, type Rng } from "../array/index.ts";
import { optionOwners, type Weighted } from "../foundation/combination.ts";
import { UserError } from "../foundation/errors.ts";
import type {
  Arrays,
  CompanionContext,
  CompanionDefinition,
  Control,
  ControlContext,
  ControlDefinition,
  Copies,
  Draws,
  Host,
  Loss,
  LossContext,
  Offers,
  Seen,
  Spaces,
  Windows,
} from "./agent.ts";
import type { Named } from "./index.ts";

/** The random numbers of all parts, `[batch, …]`; absent where no part asks for any. */
export interface Drawn {
  readonly normals?: Array;
  readonly uniforms?: Array;
}

/** An agent and its companions as one: parameters and memory are kept by the part's name. */
export interface Team {
  /** Steps of the windows that the parts learn from, the longest of all; and the control agent's. */
  readonly length: number;
  readonly ownLength: number;
  readonly draws: Required<Draws>;
  /** Where the delayed parameters are, and how often they are trained. */
  readonly delayed?: { readonly path: string; readonly every: number };
  readonly hasBonus: boolean;
  readonly hasPriorities: boolean;
  init(rng: Rng): Host;
  initMemory(rng: Rng, params: Host): Host;
  /** The weighted sum of the losses. `memory` has the branches that change, by part. */
  loss(
    params: Arrays,
    windows: Windows,
    memory: Arrays,
    context: { readonly drawn: Drawn; readonly progress: Array; readonly trainsDelayed: boolean },
  ): Loss & { readonly priority?: Array };
  afterStep(params: Arrays, memory: Arrays, trainsDelayed: boolean): Arrays;
  readonly copies: readonly Copies<Arrays, Arrays>[];
  act(params: Arrays, memory: Arrays, observation: Seen): Array;
  choose: Control["choose"];
  /** The sum of the companions' bonuses for windows of one step, and the branches of the memory that change. */
  bonus(params: Arrays, memory: Arrays, windows: Windows): { bonus: Array; memory: Arrays };
}

/** The options of all parts; one that several have is prefixed with its part's name. */
export const teamOptions = ({ control, companions }: Named): ReturnType<typeof optionOwners<Part>> =>
  optionOwners<Part>([control, ...companions]);

type Part = Weighted<ControlDefinition | CompanionDefinition>;

const branch = <Leaf>(tree: { readonly [key: string]: Leaf }, name: string): Leaf extends Array ? never : Arrays =>
  (tree[name] ?? {}) as Leaf extends Array ? never : Arrays;

/**
 * Builds an agent with its companions for an environment.
 * @param options of all parts, by the names in `teamOptions`
 * @throws UserError when a part does not fit the spaces, or what one needs no other offers
 */
export function buildTeam(named: Named, spaces: Spaces, options: Readonly<Record<string, unknown>>): Team {
  const { observation, action } = spaces;
  const owners = [...teamOptions(named)];
  const optionsOf = <Definition extends { readonly options: z.ZodObject }>(part: Weighted<Definition>) => {
    const given = owners.flatMap(([name, { task, key }]) => (Object.is(task, part) ? [[key, options[name]]] : []));
    return part.definition.options.parse(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
  };
  const offered = named.companions.map((part) => part.definition.offers?.(optionsOf(part)) ?? {});
  const [features, second] = offered.flatMap((each) => each.features ?? []);
  if (features && second) throw new UserError(`agent "${named.name}": two companions have embeddings; use one of them`);
  const hasBonus = offered.some((each) => each.hasBonus === true);
  const hasNovelty = offered.some((each) => each.hasNovelty === true);
  const offers: Offers = { hasBonus, hasNovelty, ...(features ? { features } : {}) };
  const own = named.control.definition.name;
  const control = named.control.definition.build({ observation, action, options: optionsOf(named.control), offers });
  const trunk = {
    get width(): number {
      if (control.width === undefined) throw new UserError(noTrunk);
      return control.width;
    },
  };
  const noTrunk = `agent "${named.name}": ${own} has no trunk that a companion could train`;
  const companions = named.companions.map((part, at) => ({
    name: part.definition.name,
    weight: part.weight,
    offers: offered[at]!,
    part: part.definition.build({ observation, action, options: optionsOf(part), trunk }),
  }));
  const parts = [{ name: own, part: control }, ...companions];

  const encode = (params: Arrays): CompanionContext["encode"] => {
    return (seen, other = branch(params, own)) => {
      if (!control.encode) throw new UserError(noTrunk);
      return control.encode(other, seen);
    };
  };
  /** What companions offer: the embeddings of the one that has them, and how new choices are. */
  const offeredBy = (params: Arrays, memory: Arrays): Pick<ControlContext, "features" | "novelty"> => {
    const holder = companions.find((each) => each.offers.features);
    const found = holder?.part.features?.(branch(memory, holder.name));
    const novel = companions.filter((each) => each.offers.hasNovelty);
    const novelty = (seen: Seen): Array =>
      lax.stopGradient(
        novel
          .map(({ name, part }) => part.novelty!(branch(params, name), branch(memory, name), seen))
          .reduce((sum, each) => np.add(sum, each)),
      );
    return { ...(found ? { features: found } : {}), ...(novel.length > 0 ? { novelty } : {}) };
  };
  const total = (kind: keyof Draws) => parts.reduce((sum, { part }) => sum + (part[kind] ?? 0), 0);
  /** A part's columns of the random numbers. */
  const drawnBy = (name: string, drawn: Drawn, kind: keyof Draws) => (): Array => {
    const at = parts.findIndex((each) => each.name === name);
    const count = parts[at]!.part[kind] ?? 0;
    const [all, before] = [drawn[kind], parts.slice(0, at).reduce((sum, { part }) => sum + (part[kind] ?? 0), 0)];
    if (!all || count === 0) throw new Error(`${name} asks for random numbers that it has not announced`);
    const cuts = [before, before + count].filter((cut) => cut > 0 && cut < total(kind));
    return cuts.length === 0 ? all : np.split(all, cuts, 1)[before > 0 ? 1 : 0]!;
  };
  const contextOf = (name: string, drawn: Drawn, progress: Array): LossContext => ({
    progress,
    normals: drawnBy(name, drawn, "normals"),
    uniforms: drawnBy(name, drawn, "uniforms"),
  });
  /** `{ sale: { fixed } }` for what each part returns, without parts that return nothing. */
  const byPart = (make: (at: (typeof parts)[number]) => Arrays | undefined): Arrays =>
    Object.fromEntries(
      parts.flatMap((each) => {
        const made = make(each);
        return made && Object.keys(made).length > 0 ? [[each.name, made]] : [];
      }),
    );

  return {
    length: Math.max(...parts.map(({ part }) => part.length)),
    ownLength: control.length,
    draws: { normals: total("normals"), uniforms: total("uniforms") },
    ...(control.delayed
      ? { delayed: { path: `${own}.${control.delayed.branch}.`, every: control.delayed.every } }
      : {}),
    hasBonus,
    hasPriorities: control.hasPriorities === true,
    init: (rng) => Object.fromEntries(parts.map(({ name, part }) => [name, part.init(rng.split(name))])),
    initMemory: (rng, params) => ({
      [own]: control.initMemory?.(rng.split(own), params[own] as Host) ?? {},
      ...Object.fromEntries(
        companions.map(({ name, part }) => [
          name,
          part.initMemory?.(rng.split(name), params[name] as Host, params[own] as Host) ?? {},
        ]),
      ),
    }),
    loss(params, windows, memory, { drawn, progress, trainsDelayed }) {
      const { weight } = named.control;
      const acting = control.loss(branch(params, own), windows, branch(memory, own), {
        ...contextOf(own, drawn, progress),
        ...offeredBy(params, memory),
        trainsDelayed,
      });
      const beside = companions.map((each) => ({
        ...each,
        ...each.part.loss(branch(params, each.name), windows, branch(memory, each.name), {
          ...contextOf(each.name, drawn, progress),
          control: branch(params, own),
          encode: encode(params),
        }),
      }));
      const all = [{ name: own, weight, ...acting }, ...beside];
      const weighted = all.map((each) => (each.weight === 1 ? each.loss : np.multiply(each.loss, each.weight)));
      const metrics = beside.flatMap(({ name, loss, metrics: more = {} }) => [
        [`${name}/loss`, loss] as const,
        ...Object.entries(more).map(([key, value]) => [`${name}/${key}`, value] as const),
      ]);
      return {
        loss: weighted.reduce((sum, loss) => np.add(sum, loss)),
        metrics: { ...acting.metrics, ...Object.fromEntries(metrics) },
        memory: Object.fromEntries(
          all.flatMap(({ name, memory: changed }) =>
            changed && Object.keys(changed).length > 0 ? [[name, changed]] : [],
          ),
        ),
        ...(acting.priority ? { priority: acting.priority } : {}),
      };
    },
    afterStep: (params, memory, trainsDelayed) =>
      byPart(({ name, part }) =>
        part === control
          ? control.afterStep?.(branch(params, name), branch(memory, name), { trainsDelayed })
          : companions
              .find((each) => each.name === name)
              ?.part.afterStep?.(branch(params, name), branch(memory, name), branch(params, own)),
      ),
    copies: parts.flatMap(({ name, part: { copies } }) =>
      copies
        ? [
            {
              every: copies.every,
              copy: (params: Arrays, memory: Arrays) => ({
                [name]: copies.copy(branch(params, name), branch(memory, name)),
              }),
            },
          ]
        : [],
    ),
    act: (params, memory, seen) =>
      control.act(branch(params, own), branch(memory, own), seen, offeredBy(params, memory)),
    choose: control.choose,
    bonus(params, memory, windows) {
      const paid = companions.flatMap(({ name, part }) => {
        const context = { control: branch(params, own), encode: encode(params) };
        const bonus = part.bonus?.(branch(params, name), branch(memory, name), windows, context);
        return bonus ? [{ name, ...bonus }] : [];
      });
      if (paid.length === 0) throw new Error(`agent "${named.name}": nobody pays a bonus`);
      return {
        bonus: paid.map(({ bonus }) => bonus).reduce((sum, each) => np.add(sum, each)),
        memory: Object.fromEntries(paid.flatMap(({ name, memory: changed }) => (changed ? [[name, changed]] : []))),
      };
    },
  };
}
