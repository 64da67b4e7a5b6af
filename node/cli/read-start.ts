import { open } from 'node:fs/promises'

/**
 * The beginning of a file, at most so many bytes. Some files have no end (`/dev/zero`, a pipe): whoever reads one more byte than they take knows what is too long.
 * Throws what the platform throws.
 */
export async function readStart(path: string, most: number): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const bytes = new Uint8Array(most)
    let length = 0
    while (length < most) {
      const { bytesRead } = await file.read(bytes, length, most - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return bytes.subarray(0, length)
  } finally {
    await file.close()
  }
}

/** The same as text. */
export async function readStartOfText(path: string, most: number): Promise<string> {
  return Buffer.from(await readStart(path, most)).toString('utf8')
}
