/**
 * What a peer keeps between two runs: five verbs over keys that are paths (`ledger/000042`). Values are plain data that survives a structured
 * clone, so a browser can keep a key it cannot read. Failures reject with `StorageError`.
 */
export interface Storage {
  get(key: string): Promise<unknown>
  put(key: string, value: unknown): Promise<void>
  /** All of them, or none. */
  putAll(entries: readonly (readonly [key: string, value: unknown])[]): Promise<void>
  delete(key: string): Promise<void>
  /** Everything under a prefix, in ascending order of keys. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: unknown])[]>
}

/** The platform could not keep or give what was asked. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
}
