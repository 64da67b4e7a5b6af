import { join } from 'node:path'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { parseCheckpoint } from '../../protocol/log/checkpoint.ts'
import type { TreeHead } from '../../protocol/log/proof.ts'
import { StartError } from '../start-error.ts'
import { type Disk, replaceFile, systemDisk } from './disk.ts'

const NAME = 'log.high-water'

/**
 * The largest tree that our log was about to sign, beside the database: whoever restores an older database alone is found out by it. It holds
 * the text of the checkpoint, without a signature.
 */
export class HighWater {
  readonly #file: string
  readonly #disk: Disk

  /** @param folder the relay's data folder */
  constructor(folder: string, disk: Disk = systemDisk) {
    this.#file = join(folder, NAME)
    this.#disk = disk
  }

  /** @throws StartError when the file is there and cannot be read */
  async read(): Promise<(TreeHead & { readonly origin: string }) | undefined> {
    const bytes = await this.#disk.read(this.#file)
    if (bytes === undefined) return undefined
    const checkpoint = parseCheckpoint(new TextDecoder().decode(bytes))
    if (!checkpoint.ok)
      throw new StartError(`The file ${this.#file} is damaged: restore the data folder from a backup.`)
    return checkpoint.value
  }

  /** On the disk when it resolves. @param text of a checkpoint that is about to be signed */
  write(text: string): Promise<void> {
    return replaceFile(this.#disk, this.#file, `${this.#file}.new`, utf8ToBytes(text))
  }
}
