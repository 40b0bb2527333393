/** Names, in lower case, that systems give to folders and files of their own: thumbnails, waste, settings. */
const systems = new Set([
  "@eadir", // Synology
  "#recycle",
  "#snapshot",
  "@recycle", // QNAP
  ".@__thumb",
  "$recycle.bin", // Windows
  "recycler",
  "system volume information",
  "thumbs.db",
  "ehthumbs.db",
  "desktop.ini",
  "__macosx", // macOS
  "icon\r",
  "lost+found", // Linux
]);

/** Whether a file or folder is a system's and nobody's data, by its name alone; so is everything whose name begins with a dot. */
export const isRubbish = (name: string): boolean => name.startsWith(".") || systems.has(name.toLowerCase());

/** The same for a path with `/` between its parts. */
export const isRubbishPath = (path: string): boolean => path.split("/").some((part) => part !== "." && isRubbish(part));
