/** The package, which only the user installs: its binary is FFmpeg under the GPL. */
export const LIBRARY = "node-av";

/** How the child ends when the package is there and cannot be loaded, as on another platform than it was installed for. */
export const UNLOADABLE = 70;
