/** The losses, as pure functions: arrays first, then one options object; rows are samples; a scalar comes back. */
export { barlowTwins } from "./barlow-twins.ts";
export { dcl } from "./dcl.ts";
export { dclw } from "./dclw.ts";
export { dino, distillation, updateCenter } from "./dino.ts";
export { ibot, patchDistillation } from "./ibot.ts";
export { infoNce } from "./info-nce.ts";
export { instanceDiscrimination } from "./instance-discrimination.ts";
export { koleo } from "./koleo.ts";
export { lejepa } from "./lejepa.ts";
export { mocoV3 } from "./moco-v3.ts";
export { msn } from "./msn.ts";
export { negativeCosine } from "./negative-cosine.ts";
export { nnclr } from "./nnclr.ts";
export { ntXent } from "./nt-xent.ts";
export { sigreg } from "./sigreg.ts";
export { sinkhorn } from "./sinkhorn.ts";
export { swav } from "./swav.ts";
export { vicreg } from "./vicreg.ts";
