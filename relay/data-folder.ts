import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isSqliteError, SQLITE_BUSY } from '../node/storage/sqlite-error.ts'
import { loadOrCreateRelaySeed } from './network/relay-seed.ts'
import { StartError } from './start-error.ts'

/** Secrets are for the account that runs the relay and for nobody else. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** The one folder in which a relay keeps everything: keys, ledger, profiles. One process has it at a time. */
export interface DataFolder {
  readonly path: string
  /** Path of a file in it; made empty, with the right mode, when it is not there. */
  file(name: string): string
  has(name: string): boolean
  /** A secret of 32 bytes that is made once and stays the same. @throws StartError when its file cannot be used */
  seed(name: string): Promise<Uint8Array>
  /** Lets another process have the folder. */
  close(): void
}

/**
 * Opens the folder, and makes it when it is not there.
 * @throws StartError when it cannot be used, or another relay uses it
 */
export function openDataFolder(path: string): DataFolder {
  let lock: DatabaseSync
  try {
    mkdirSync(path, { recursive: true, mode: FOLDER_MODE })
    lock = takeLock(touch(join(path, 'lock')))
  } catch (cause) {
    if (isSqliteError(cause, SQLITE_BUSY))
      throw new StartError(
        `Another relay is running on the data folder ${path}: stop it, or choose another with --data.`,
        {
          cause,
        },
      )
    throw new StartError(`The data folder ${path} cannot be used: ${(cause as Error).message}.`, { cause })
  }
  return {
    path,
    file: (name) => touch(join(path, name)),
    has: (name) => existsSync(join(path, name)),
    seed: (name) => readOrMakeSeed(join(path, name)),
    close: () => lock.close(),
  }
}

/**
 * SQLite's lock is the system's: it ends with the process, however that ends. A file with a process id would outlive a `kill -9`, and
 * in a container the next relay has the same id.
 */
function takeLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(file)
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw error
  }
  return lock
}

function touch(file: string): string {
  closeSync(openSync(file, 'a', FILE_MODE))
  return file
}

async function readOrMakeSeed(file: string): Promise<Uint8Array> {
  try {
    return await loadOrCreateRelaySeed(file)
  } catch (cause) {
    throw new StartError(`The key file ${file} cannot be used: ${(cause as Error).message}.`, { cause })
  }
}
