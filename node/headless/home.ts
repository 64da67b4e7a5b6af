import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { PeerError } from '../errors.ts'
import { type DiskStorage, openDiskStorage } from '../storage/disk-storage.ts'

/** Keys are for the account that they belong to, and for nobody else. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/**
 * Opens the folder in which a person's peer keeps everything, and makes it when it is not there. One process has it at a time: two that
 * signed with one device would sign two statements for one place, and freeze it for ever.
 * @throws PeerError `other-tab` when another process has it, `storage-unavailable` when it cannot be used
 */
export function openHome(folder: string): DiskStorage {
  let storage: DiskStorage | 'in-use'
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE })
    const file = join(folder, 'peer')
    // SQLite gives what it makes beside a file the mode of that file.
    closeSync(openSync(file, 'a', FILE_MODE))
    chmodSync(file, FILE_MODE)
    storage = openDiskStorage(file)
  } catch (cause) {
    throw new PeerError('storage-unavailable', { cause })
  }
  if (storage === 'in-use') throw new PeerError('other-tab')
  return storage
}
