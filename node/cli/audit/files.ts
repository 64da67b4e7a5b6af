import { createWriteStream } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
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

/**
 * The same for a file that is to be read again: it is there whole, or as it was before, whenever the process dies. What is no regular file is
 * not replaced.
 */
export async function replaceFile(
  named: string,
  folder: string,
  pieces: Iterable<Uint8Array>,
): Promise<string> {
  const path = resolve(folder, named)
  let draft: string | undefined
  try {
    const known = await stat(path).catch(ifMissing)
    if (known !== undefined && !known.isFile())
      throw new CliError('file-unwritable', `${path} is no regular file.`)
    // A link stays one.
    const target = known === undefined ? path : await realpath(path)
    draft = `${target}.${process.pid}.draft`
    await pipeline(Readable.from(pieces), createWriteStream(draft, { flush: true }))
    await rename(draft, target)
    return path
  } catch (cause) {
    if (draft !== undefined) await rm(draft, { force: true })
    const { code, syscall } = cause as NodeJS.ErrnoException
    if (syscall === undefined) throw cause
    throw new CliError('file-unwritable', `${path} cannot be written (${code}).`, { cause })
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
