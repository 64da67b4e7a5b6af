/** Long enough for a loaded machine; nothing waits for it unless it fails. Milliseconds. */
export const PATIENCE = 60_000
