import { type IDBPDatabase, openDB } from 'idb'
import { type Storage, StorageError } from '../ports/storage.ts'

const STORE = 'values'

/**
 * A storage in the browser's IndexedDB, where non-extractable keys can be kept as they are. With the first thing that is kept it asks the
 * browser not to throw it away under pressure; a browser may still say no, which is why there is a recovery phrase.
 */
export async function browserStorage(name: string): Promise<Storage> {
  const database = await attempt(() =>
    openDB(name, 1, { upgrade: (upgraded: IDBPDatabase) => void upgraded.createObjectStore(STORE) }),
  )
  let asked = false
  function askToKeep(): void {
    if (asked) return
    asked = true
    // Firefox asks the person, who may never answer: nothing waits for it. Either answer, and a failure, leaves all as it is.
    navigator.storage?.persist?.().catch(() => {})
  }

  return {
    get: (key) => attempt(() => database.get(STORE, key)),
    put: (key, value) =>
      attempt(async () => {
        await database.put(STORE, value, key)
        askToKeep()
      }),
    putAll: (entries) =>
      attempt(async () => {
        const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' })
        const puts: Promise<unknown>[] = []
        try {
          for (const [key, value] of entries) puts.push(transaction.store.put(value, key))
        } catch (error) {
          // A value that cannot be cloned ends its own put and no more: the others would be kept without it.
          transaction.abort()
          await Promise.allSettled([...puts, transaction.done])
          throw error
        }
        await Promise.all([...puts, transaction.done])
        askToKeep()
      }),
    delete: (key) => attempt(() => database.delete(STORE, key)),
    list: (prefix) =>
      attempt(async () => {
        const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`)
        const [keys, values] = await Promise.all([
          database.getAllKeys(STORE, range),
          database.getAll(STORE, range),
        ])
        return keys.map((key, i) => [String(key), values[i] as unknown] as const)
      }),
  }
}

async function attempt<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    throw new StorageError('the browser did not store or give what was asked', { cause })
  }
}
