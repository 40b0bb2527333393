import { registry } from "../foundation/registry.ts";
import type { MethodDefinition } from "./method.ts";

/** Every method in this folder, by name. */
export const methods = registry<MethodDefinition>(new URL("./", import.meta.url), "method");
export type { Method, MethodContext, MethodDefinition, MethodParams, Recipe, Schedule } from "./method.ts";
