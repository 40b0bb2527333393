/** The losses, as pure functions: arrays first, then one options object; rows are samples; a scalar comes back. */
export { barlowTwins } from "./barlow-twins.ts";
export { dcl } from "./dcl.ts";
export { dclw } from "./dclw.ts";
export { infoNce } from "./info-nce.ts";
export { instanceDiscrimination } from "./instance-discrimination.ts";
export { lejepa } from "./lejepa.ts";
export { mocoV3 } from "./moco-v3.ts";
export { negativeCosine } from "./negative-cosine.ts";
export { nnclr } from "./nnclr.ts";
export { ntXent } from "./nt-xent.ts";
export { sigreg } from "./sigreg.ts";
export { vicreg } from "./vicreg.ts";
