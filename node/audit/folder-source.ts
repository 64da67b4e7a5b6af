import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type LedgerSource, SourceError } from './source.ts'
import { tileSource } from './tile-source.ts'

/** A log in a folder, as a relay or `palabre generate-ledger` writes it, or a mirror that somebody fetched. */
export function folderSource(folder: string): LedgerSource {
  return tileSource({
    name: folder,
    read: (path, maxBytes) => readUpTo(join(folder, path), maxBytes),
  })
}

async function readUpTo(file: string, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(file)
    try {
      const { size } = await handle.stat()
      if (size > maxBytes)
        throw new SourceError(
          'source-unreadable',
          `${file} has more than ${maxBytes} bytes, which no log needs.`,
        )
      const bytes = new Uint8Array(size)
      const { bytesRead } = await handle.read(bytes, 0, size)
      return bytes.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    // A parent that is a file is no folder that could hold it.
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (cause instanceof SourceError) throw cause
    throw new SourceError('source-unreadable', `${file} cannot be read (${code}).`, { cause })
  }
}
