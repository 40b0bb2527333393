/**
 * What an agent is, and the parts that several built-in ones share. A user's own is a file as theirs.
 * @module autodidact/agents
 */
export type { Arrays, Host } from "./agent.ts";
export * from "./index.ts";
export * from "./parts/actions.ts";
export * from "./parts/actor-critic.ts";
export * from "./parts/dense.ts";
export * from "./parts/linear-he.ts";
export * from "./parts/moving-average.ts";
export * from "./parts/shifted.ts";
export * from "./parts/trunk.ts";
export * from "./parts/windows.ts";
export { buildTeam, type Drawn, type Team, teamOptions } from "./team.ts";
