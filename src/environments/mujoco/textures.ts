/** One opening tag: quotes may hold angle brackets. */
const tag = (name: string) => new RegExp(`<${name}\\b(?:[^<>"']|"[^"]*"|'[^']*')*>`, "g");
const NO_ELEMENTS = [tag("texture"), tag("layer"), /<\/(texture|layer)\s*>/g];
const MATERIAL = tag("material");
const NO_ATTRIBUTES = /\s(texture|texrepeat|texuniform)\s*=\s*("[^"]*"|'[^']*')/g;

/** MJCF without its textures: materials keep their colours. */
export const withoutTextures = (xml: string): string =>
  NO_ELEMENTS.reduce((text, element) => text.replaceAll(element, ""), xml).replaceAll(MATERIAL, (material) =>
    material.replaceAll(NO_ATTRIBUTES, ""),
  );
