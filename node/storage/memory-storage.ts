import type { Storage } from '../ports/storage.ts'

/** A storage that lasts as long as the process: for peers that shall leave no trace, and for tests. */
export function memoryStorage(): Storage {
  const values = new Map<string, unknown>()
  return {
    get: async (key) => structuredClone(values.get(key)),
    async put(key, value) {
      values.set(key, structuredClone(value))
    },
    async putAll(entries) {
      const copies = entries.map(([key, value]) => [key, structuredClone(value)] as const)
      for (const [key, value] of copies) values.set(key, value)
    },
    async delete(key) {
      values.delete(key)
    },
    async list(prefix) {
      return [...values.entries()]
        .filter(([key]) => key.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [key, structuredClone(value)] as const)
    },
  }
}
