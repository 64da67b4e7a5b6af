import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { isSqliteError, SQLITE_CORRUPT, SQLITE_NOTADB } from '../node/storage/sqlite-error.ts'
import { idBytes, type MemberId, type StatementId } from '../protocol/ids.ts'
import type { LogHead } from '../protocol/log/checkpoint.ts'
import type { TreeHead } from '../protocol/log/proof.ts'
import { StartError } from './start-error.ts'

/** "Pala": tells `file` and us that the database is ours. */
const APPLICATION_ID = 0x50616c61
/** Raised with every change of the tables; an older relay refuses a newer number. */
const SCHEMA_VERSION = 2

/** `entry` and `envelope` are exactly the protocol's bytes. */
const SCHEMA_1 = `
  CREATE TABLE entries (idx INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, entry BLOB NOT NULL) STRICT;
  CREATE TABLE profiles (member BLOB PRIMARY KEY, envelope BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
`
/** `head`: what our log may have signed, at most one row. `witnessed`: what we cosigned of other logs. */
const SCHEMA_2 = `
  CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, root BLOB NOT NULL, state BLOB NOT NULL) STRICT;
  CREATE TABLE witnessed (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** A ledger entry and the id of the statement in it. */
export interface StoredEntry {
  readonly id: StatementId
  readonly bytes: Uint8Array
}

/** What `meta` may hold. */
export type MetaKey = 'founding-token' | 'folder-mark'

/**
 * What a relay keeps: the ordered ledger, what it signed of it, what it cosigned of others, profiles, and single values. Every verb has reached the disk when it returns, or threw and
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

  /** Stored indices and ids from an index on, in order, at most so many. */
  index(from: number, most: number): { readonly index: number; readonly id: Uint8Array }[] {
    return this.#statements.index
      .all(from, most)
      .map((row) => ({ index: row.idx as number, id: row.id as Uint8Array }))
  }

  indexOf(id: StatementId): number | undefined {
    return this.#statements.indexOf.get(idBytes(id))?.idx as number | undefined
  }

  /** @throws when there is an entry at this index, or this statement is in another */
  append(index: number, entry: StoredEntry): void {
    this.#statements.append.run(index, idBytes(entry.id), entry.bytes)
  }

  /** Several, from an index on, with one wait for the disk; all or nothing. @throws as `append` does */
  appendAll(from: number, entries: readonly StoredEntry[]): void {
    this.transaction(() => {
      for (const [i, entry] of entries.entries()) this.append(from + i, entry)
    })
  }

  /** What our log was last about to sign. */
  head(): LogHead | undefined {
    const row = this.#statements.head.get()
    return row && { size: row.size as number, root: row.root as Uint8Array, state: row.state as Uint8Array }
  }

  /** To be called before it is signed. @throws unless it is the one that is stored, or of a larger tree */
  putHead({ size, root, state }: LogHead): void {
    const { changes } = this.#statements.putHead.run(size, root, state)
    if (changes !== 1) throw new Error(`a head of size ${size} does not continue the one that is stored`)
  }

  /** The largest tree that we cosigned of the log with this origin. */
  witnessed(origin: string): TreeHead | undefined {
    const row = this.#statements.witnessed.get(origin)
    return row && { size: row.size as number, root: row.root as Uint8Array }
  }

  /**
   * To be called before it is cosigned.
   * @param old size of the one before it, 0 for none
   * @returns false, and changes nothing, when that is another
   */
  putWitnessed(origin: string, old: number, { size, root }: TreeHead): boolean {
    const last = this.witnessed(origin)?.size ?? 0
    if (last !== old || size < old) return false
    this.#statements.putWitnessed.run(origin, size, root)
    return true
  }

  /** The last checkpoint that we cosigned of the log with this origin, as it was given out. */
  cosigned(origin: string): Uint8Array | undefined {
    const note = this.#statements.cosigned.get(origin)?.note
    return note === null ? undefined : (note as Uint8Array | undefined)
  }

  /** To be called after `putWitnessed`. */
  putCosigned(origin: string, note: Uint8Array): void {
    this.#statements.putCosigned.run(note, origin)
  }

  profile(member: MemberId): Uint8Array | undefined {
    return this.#statements.profile.get(idBytes(member))?.envelope as Uint8Array | undefined
  }

  /** Keeps the last one for each member: they all say the same (PROF-2), and the device that signed an earlier one may be removed by now. */
  putProfile(member: MemberId, envelope: Uint8Array): void {
    this.#statements.putProfile.run(idBytes(member), envelope)
  }

  dropProfile(member: MemberId): void {
    this.#statements.dropProfile.run(idBytes(member))
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
  size: 'SELECT coalesce(max(idx) + 1, 0) AS size FROM entries',
  entries: 'SELECT entry FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?',
  index: 'SELECT idx, id FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?',
  indexOf: 'SELECT idx FROM entries WHERE id = ?',
  append: 'INSERT INTO entries (idx, id, entry) VALUES (?, ?, ?)',
  head: 'SELECT size, root, state FROM head',
  putHead:
    'INSERT INTO head (only, size, root, state) VALUES (1, ?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, root = excluded.root, state = excluded.state WHERE excluded.size > head.size OR (excluded.size, excluded.root, excluded.state) = (head.size, head.root, head.state)',
  witnessed: 'SELECT size, root FROM witnessed WHERE origin = ?',
  putWitnessed:
    'INSERT INTO witnessed (origin, size, root) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, root = excluded.root',
  cosigned: 'SELECT note FROM witnessed WHERE origin = ?',
  putCosigned: 'UPDATE witnessed SET note = ? WHERE origin = ?',
  profile: 'SELECT envelope FROM profiles WHERE member = ?',
  putProfile:
    'INSERT INTO profiles (member, envelope) VALUES (?, ?) ON CONFLICT DO UPDATE SET envelope = excluded.envelope',
  dropProfile: 'DELETE FROM profiles WHERE member = ?',
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

/** Makes the tables in an empty file, and those that an older relay did not have; refuses one that is not ours or of a later version. */
function assertOurs(database: DatabaseSync, file: string): void {
  const version = pragma(database, 'user_version')
  const application = pragma(database, 'application_id')
  if (version === 0 && application === 0 && pragma(database, 'schema_version') === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA_1} ${SCHEMA_2} COMMIT`)
    return
  }
  if (application !== APPLICATION_ID) throw new StartError(`${file} is the database of another program.`)
  if (version > SCHEMA_VERSION)
    throw new StartError(
      `${file} was written by a newer relay (format ${version}, this one knows ${SCHEMA_VERSION}): update this one.`,
    )
  if (version < SCHEMA_VERSION) database.exec(`BEGIN IMMEDIATE; ${SCHEMA_2} COMMIT`)
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
