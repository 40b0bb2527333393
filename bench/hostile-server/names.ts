/** What `attacks.ts` can do. */
export const attackNames = [
  "nobody",
  "256 slow bodies",
  "256 bodies in chunks that never end",
  "256 slow headers",
  "2,000 connections that say nothing",
  "64 bodies of 10 MB, but for a byte",
  "16 clients that hang up",
  "4 clients with 100,000 parts a body",
  "4 clients with 10 MB that is no picture",
] as const;
export type AttackName = (typeof attackNames)[number];
