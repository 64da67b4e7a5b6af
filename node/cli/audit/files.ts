import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CliError } from '../failure.ts'

/** Writes a file out of pieces, however many there are. Returns its path. Throws CliError when it cannot be written. */
export async function writePieces(
  named: string,
  folder: string,
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<string> {
  const path = resolve(folder, named)
  try {
    await pipeline(Readable.from(pieces), createWriteStream(path))
    return path
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException
    if (syscall === undefined) throw cause
    throw new CliError('file-unwritable', `${path} cannot be written (${code}).`, { cause })
  }
}
