/** Escapes text for an element or a double-quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A table that scrolls if it is wider than the page; the first column holds the row headers. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td>${escapeHtml(cell)}</td>`));
  const body = rows.map((row) => `<tr>${cells(row).join("")}</tr>`).join("\n");
  if (head.length === 0) return scrolling(`<table class="facts"><tbody>\n${body}\n</tbody></table>`);
  const names = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  return scrolling(`<table><thead><tr>${names}</tr></thead><tbody>\n${body}\n</tbody></table>`);
}

// Focusable, so that the arrow keys scroll it.
const scrolling = (table: string): string => `<div class="scroll" tabindex="0">${table}</div>`;

export const htmlNote = (text: string): string => `<p class="note">${escapeHtml(text)}</p>`;

export const htmlList = (items: readonly string[]): string =>
  `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("\n")}</ul>`;

const pngUri = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString("base64")}`;

/** An image embedded in the page. */
export const htmlPng = (png: Uint8Array, alt: string): string => `<img src="${pngUri(png)}" alt="${escapeHtml(alt)}">`;
