import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { idBytes, type MemberId, type StatementId } from '../protocol/ids.ts'
import { isSqliteError, SQLITE_CORRUPT, SQLITE_NOTADB } from './sqlite-error.ts'
import { StartError } from './start-error.ts'

/** "Pala": tells `file` and us that the database is ours. */
const APPLICATION_ID = 0x50616c61
/** Raised with every change of the tables; an older relay refuses a newer number. */
const SCHEMA_VERSION = 1

/** `entry` and `envelope` are exactly the protocol's bytes. */
const SCHEMA = `
  CREATE TABLE entries (idx INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, entry BLOB NOT NULL) STRICT;
  CREATE TABLE profiles (member BLOB PRIMARY KEY, envelope BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** A ledger entry and the id of the statement in it. */
export interface StoredEntry {
  readonly id: StatementId
  readonly bytes: Uint8Array
}

/** What `meta` may hold. */
export type MetaKey = 'founding-token'

/**
 * What a relay keeps: the ordered ledger, profiles, and single values. Every verb has reached the disk when it returns, or threw and
 * changed nothing.
 */
export class Store {
  readonly #database: DatabaseSync
  readonly #statements: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>

  /**
   * Opens a database file, which may be empty.
   * @throws StartError when the file is damaged, somebody else's, or written by a newer relay
   */
  constructor(file: string) {
    this.#database = openDatabase(file)
    this.#statements = prepareAll(this.#database)
  }

  /** How many entries there are. */
  get size(): number {
    return this.#statements.size.get()?.size as number
  }

  /** Entries from an index on, in order, at most so many. */
  entries(from: number, most: number): Uint8Array[] {
    return this.#statements.entries.all(from, most).map((row) => row.entry as Uint8Array)
  }

  /** Every entry's stored index and id, in order. */
  index(): { readonly index: number; readonly id: Uint8Array }[] {
    return this.#statements.index.all().map((row) => ({ index: row.idx as number, id: row.id as Uint8Array }))
  }

  indexOf(id: StatementId): number | undefined {
    return this.#statements.indexOf.get(idBytes(id))?.idx as number | undefined
  }

  /** @throws when there is an entry at this index, or this statement is in another */
  append(index: number, entry: StoredEntry): void {
    this.#statements.append.run(index, idBytes(entry.id), entry.bytes)
  }

  profile(member: MemberId): Uint8Array | undefined {
    return this.#statements.profile.get(idBytes(member))?.envelope as Uint8Array | undefined
  }

  /** Keeps the first one for each member. */
  putProfile(member: MemberId, envelope: Uint8Array): void {
    this.#statements.putProfile.run(idBytes(member), envelope)
  }

  meta(key: MetaKey): string | undefined {
    return this.#statements.meta.get(key)?.value as string | undefined
  }

  /** `undefined` removes it. */
  putMeta(key: MetaKey, value: string | undefined): void {
    if (value === undefined) this.#statements.deleteMeta.run(key)
    else this.#statements.putMeta.run(key, value)
  }

  /** Everything that `work` writes, or nothing of it when it throws. */
  transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      // A commit that failed for lack of disk may have been rolled back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /** Twice is safe. */
  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }
}

const STATEMENTS = {
  size: 'SELECT count(*) AS size FROM entries',
  entries: 'SELECT entry FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?',
  index: 'SELECT idx, id FROM entries ORDER BY idx',
  indexOf: 'SELECT idx FROM entries WHERE id = ?',
  append: 'INSERT INTO entries (idx, id, entry) VALUES (?, ?, ?)',
  profile: 'SELECT envelope FROM profiles WHERE member = ?',
  putProfile: 'INSERT INTO profiles (member, envelope) VALUES (?, ?) ON CONFLICT DO NOTHING',
  meta: 'SELECT value FROM meta WHERE key = ?',
  putMeta: 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  deleteMeta: 'DELETE FROM meta WHERE key = ?',
} as const

function prepareAll(database: DatabaseSync): Record<keyof typeof STATEMENTS, StatementSync> {
  const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)])
  return Object.fromEntries(prepared)
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  try {
    // FULL: what was acknowledged is on the disk, not in its queue (sqlite.org/pragma.html#pragma_synchronous).
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF')
    assertOurs(database, file)
    assertWhole(database, file)
    return database
  } catch (error) {
    database.close()
    if (isSqliteError(error, SQLITE_NOTADB) || isSqliteError(error, SQLITE_CORRUPT))
      throw damaged(file, error)
    throw error
  }
}

/** Makes the tables in an empty file; refuses one that is not ours or of a later version. */
function assertOurs(database: DatabaseSync, file: string): void {
  const version = pragma(database, 'user_version')
  const application = pragma(database, 'application_id')
  if (version === 0 && application === 0 && pragma(database, 'schema_version') === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`)
    return
  }
  if (application !== APPLICATION_ID) throw new StartError(`${file} is the database of another program.`)
  if (version > SCHEMA_VERSION)
    throw new StartError(
      `${file} was written by a newer relay (format ${version}, this one knows ${SCHEMA_VERSION}): update this one.`,
    )
}

function assertWhole(database: DatabaseSync, file: string): void {
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (verdict !== 'ok') throw damaged(file, verdict)
}

function damaged(file: string, cause: unknown): StartError {
  return new StartError(`The database ${file} is damaged: restore the data folder from a backup.`, { cause })
}

function pragma(database: DatabaseSync, name: string): number {
  return database.prepare(`PRAGMA ${name}`).get()?.[name] as number
}
