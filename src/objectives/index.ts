export { dino, distillation, updateCenter } from "./dino.ts";
export { ibot, patchDistillation } from "./ibot.ts";
export { koleo } from "./koleo.ts";
export { msn } from "./msn.ts";
export { sinkhorn } from "./sinkhorn.ts";
export { swav } from "./swav.ts";
