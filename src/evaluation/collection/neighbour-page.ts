import { escapeHtml } from "../drawing/html.ts";
import type { OnPage } from "../drawing/player.ts";

interface Card extends OnPage {
  readonly path: string;
  readonly label?: string | null;
  readonly similarity: number;
}

const figure = ({ image, player = "", text, path }: OnPage & { path: string }, caption: string): string => {
  const shown = image
    ? `<img src="${image}" alt="${escapeHtml(path)}">`
    : text
      ? `<blockquote>${escapeHtml(text)}</blockquote>`
      : '<div class="missing">no longer available</div>';
  return `<figure>${shown}${player}<figcaption>${caption}</figcaption></figure>`;
};

/** A self-contained HTML page: the query on top, its neighbours below, nearest first. */
export function neighbourPage({ query, look, cards }: { query: string; look: OnPage; cards: readonly Card[] }): string {
  const neighbours = cards.map((card) =>
    figure(
      card,
      `<b>${card.similarity.toFixed(3)}</b>${card.label ? ` ${escapeHtml(card.label)}` : ""}<br><span>${escapeHtml(card.path)}</span>`,
    ),
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Nearest to ${escapeHtml(query)}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  h1 { font-size: 1.3rem; font-weight: 600; }
  section { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem; }
  figure { margin: 0; }
  blockquote { margin: 0; padding: 0.6rem; background: #f2f4f6; border-radius: 6px; }
  img, .missing { width: 100%; aspect-ratio: 1; object-fit: contain; background: #f2f4f6; border-radius: 6px; image-rendering: pixelated; }
  audio, video { width: 100%; height: 2rem; margin-top: 0.3rem; }
  .missing { display: grid; place-items: center; color: #6b7280; font-size: 0.85rem; }
  .query { width: 12rem; }
  figcaption { font-size: 0.85rem; overflow-wrap: anywhere; }
  figcaption span { color: #5b6470; }
</style>
<h1>Nearest to ${escapeHtml(query)}</h1>
<div class="query">${figure({ ...look, path: query }, "the query")}</div>
<h1>Neighbours, by cosine similarity</h1>
<section>
${neighbours.join("\n")}
</section>
</html>
`;
}
