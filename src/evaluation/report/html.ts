/** A text as the content of an element or of an attribute in double quotes. */
export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Rows of texts as a table; the first column names the row. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? `<th scope="row">${escapeHtml(cell)}</th>` : `<td>${escapeHtml(cell)}</td>`));
  const body = rows.map((row) => `<tr>${cells(row).join("")}</tr>`).join("\n");
  if (head.length === 0) return `<table class="facts"><tbody>\n${body}\n</tbody></table>`;
  const names = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  return `<table><thead><tr>${names}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

const pngUri = (png: Uint8Array): string => `data:image/png;base64,${Buffer.from(png).toString("base64")}`;

/** A picture inside the page. */
export const htmlPng = (png: Uint8Array, alt: string): string => `<img src="${pngUri(png)}" alt="${escapeHtml(alt)}">`;
