import { DatabaseSync } from 'node:sqlite'
import { type Storage, StorageError } from '../ports/storage.ts'
import { isSqliteError, SQLITE_BUSY } from './sqlite-error.ts'
import { decodeStored, encodeStored } from './stored-value.ts'

/** "Palp": tells `file` and us that the database is a peer's. */
const APPLICATION_ID = 0x50616c70
/** What `PRAGMA application_id` says of a file that is new. */
const NOBODYS = 0

/** A storage in one file, for this process alone. */
export interface DiskStorage extends Storage {
  close(): void
}

/**
 * Opens a file, which may be empty, and keeps everybody else out of it until it is closed or the process ends, however it ends.
 * @returns `in-use` when somebody has it open
 * @throws StorageError when it cannot be read, or is something else's
 */
export function openDiskStorage(file: string): DiskStorage | 'in-use' {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file)
    prepare(database)
    return diskStorage(database)
  } catch (cause) {
    database?.close()
    if (isSqliteError(cause, SQLITE_BUSY)) return 'in-use'
    throw new StorageError('the file cannot be used', { cause })
  }
}

function prepare(database: DatabaseSync): void {
  // The lock is taken with the first write and kept; it is the system's, which gives it back when a process dies.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE;')
  const id = database.prepare('PRAGMA application_id').get()?.application_id
  if (id !== APPLICATION_ID) {
    const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables
    if (id !== NOBODYS || tables !== 0) throw new Error('the file is no storage of a peer')
    database.exec(`
      CREATE TABLE held (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
      PRAGMA application_id = ${APPLICATION_ID};
    `)
  }
  database.exec('COMMIT')
}

function diskStorage(database: DatabaseSync): DiskStorage {
  const get = database.prepare('SELECT value FROM held WHERE key = ?')
  const put = database.prepare('INSERT OR REPLACE INTO held (key, value) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM held WHERE key = ?')
  // No key goes on with the last character that there is.
  const list = database.prepare(
    'SELECT key, value FROM held WHERE key >= ?1 AND key < ?1 || char(0x10ffff) ORDER BY key',
  )
  return {
    get: (key) =>
      attempt(() => {
        const value = get.get(key)?.value
        return value === undefined ? undefined : decodeStored(value as Uint8Array)
      }),
    put: (key, value) => attempt(() => void put.run(key, encodeStored(value))),
    putAll: (entries) =>
      attempt(() => {
        // Before anything is written: what cannot be kept must not leave the others half kept.
        const rows = entries.map(([key, value]) => [key, encodeStored(value)] as const)
        database.exec('BEGIN')
        try {
          for (const row of rows) put.run(...row)
          database.exec('COMMIT')
        } catch (error) {
          // A commit that failed for lack of disk may have been rolled back already.
          if (database.isTransaction) database.exec('ROLLBACK')
          throw error
        }
      }),
    delete: (key) => attempt(() => void remove.run(key)),
    list: (prefix) =>
      attempt(() =>
        list.all(prefix).map((row) => [row.key as string, decodeStored(row.value as Uint8Array)] as const),
      ),
    close: () => database.close(),
  }
}

async function attempt<T>(action: () => T): Promise<T> {
  try {
    return action()
  } catch (cause) {
    throw new StorageError('the disk did not store or give what was asked', { cause })
  }
}
