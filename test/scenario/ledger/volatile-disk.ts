import { dirname } from 'node:path'
import type { Disk } from '../../../relay/tree/disk.ts'

/** The machine has no power any more. */
export class PowerLost extends Error {
  override readonly name = 'PowerLost'
}

type Names = Map<string, Uint8Array | 'folder'>

/**
 * A disk that keeps after a loss of power only what it must: a name is there once its folder was synced, and a file's content once it was
 * written whole. Real disks often keep more, and nobody may count on it.
 */
export class VolatileDisk implements Disk {
  #names: Names
  #kept: Names
  #steps = 0
  /** How many further steps are done before the power goes; without it, all. */
  left: number | undefined

  /** @param folder that is there, empty, and stays */
  constructor(folder: string) {
    this.#kept = new Map([folder, ...parents(folder)].map((name) => [name, 'folder']))
    this.#names = new Map(this.#kept)
  }

  /** How many steps changed anything so far. */
  get steps(): number {
    return this.#steps
  }

  /** The power is back. */
  restart(): void {
    this.left = undefined
    for (const name of [...this.#kept.keys()])
      if (![...parents(name)].every((folder) => this.#kept.has(folder))) this.#kept.delete(name)
    this.#names = new Map(this.#kept)
  }

  async write(file: string, bytes: Uint8Array): Promise<void> {
    this.#step()
    this.#names.set(file, bytes.slice())
    // A name that is there already has the new content at once.
    if (this.#kept.has(file)) this.#kept.set(file, bytes.slice())
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step()
    const content = this.#names.get(from)
    if (content === undefined) throw new Error(`there is no ${from}`)
    this.#names.delete(from)
    this.#names.set(to, content)
  }

  async sync(folder: string): Promise<void> {
    this.#step()
    for (const names of [this.#names, this.#kept]) {
      for (const name of [...names.keys()]) {
        if (dirname(name) !== folder) continue
        const content = this.#names.get(name)
        if (content === undefined) this.#kept.delete(name)
        else this.#kept.set(name, content)
      }
    }
  }

  async makeFolder(folder: string): Promise<void> {
    this.#step()
    for (const name of [folder, ...parents(folder)]) this.#names.set(name, 'folder')
  }

  async remove(path: string): Promise<void> {
    this.#step()
    for (const name of [...this.#names.keys()])
      if (name === path || name.startsWith(`${path}/`)) this.#names.delete(name)
  }

  async read(file: string): Promise<Uint8Array | undefined> {
    if (this.left === 0) throw new PowerLost()
    const content = this.#names.get(file)
    return content === 'folder' ? undefined : content?.slice()
  }

  #step(): void {
    if (this.left === 0) throw new PowerLost()
    if (this.left !== undefined) this.left -= 1
    this.#steps += 1
  }
}

/** The folders in which a path is, up to the root, which is always there. */
function* parents(path: string): Generator<string> {
  for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) yield folder
}
