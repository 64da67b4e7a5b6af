import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Secrets are for the account that runs the relay; so is the rest, until its owner says otherwise. */
const FILE_MODE = 0o600

/** The single steps in which files change, after each of which the machine may stop. */
export interface Disk {
  /** The whole file, on the disk when it resolves. A half-written one may be left behind by whoever is interrupted. */
  write(file: string, bytes: Uint8Array): Promise<void>
  /** The other file is there whole, or the one before it is. */
  rename(from: string, to: string): Promise<void>
  /** What stands in the folder, by name, is on the disk when it resolves. */
  sync(folder: string): Promise<void>
  /** With its parents; nothing when it is there. */
  makeFolder(folder: string): Promise<void>
  /** A file, or a folder with all that is in it; nothing when it is not there. */
  remove(path: string): Promise<void>
  /** `undefined` when there is no such file. */
  read(file: string): Promise<Uint8Array | undefined>
}

export const systemDisk: Disk = {
  async write(file, bytes) {
    const handle = await open(file, 'w', FILE_MODE)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  rename,
  async sync(folder) {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  async makeFolder(folder) {
    await mkdir(folder, { recursive: true })
  },
  async remove(path) {
    await rm(path, { recursive: true, force: true })
  },
  async read(file) {
    try {
      return new Uint8Array(await readFile(file))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A parent that is a file is no folder that could hold it.
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined
      throw error
    }
  },
}

/** Puts a file in its place so that it is there whole or not at all, and stays. @param draft in the same file system; may be left over by one who died */
export async function replaceFile(disk: Disk, file: string, draft: string, bytes: Uint8Array): Promise<void> {
  await disk.write(draft, bytes)
  await disk.rename(draft, file)
  await disk.sync(dirname(file))
}
