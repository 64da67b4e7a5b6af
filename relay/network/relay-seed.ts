import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

const SEED_BYTES = 32

/**
 * The 32 bytes of a key of the relay, made on the first call and kept in `file` (raw, mode 0600). Without the file it is another relay: all
 * addresses that lead to it contain the PeerId of its session key, and the community's genesis names its log key.
 * @throws Error when the file has another length; the system's error when it cannot be read or written
 */
export async function loadOrCreateRelaySeed(file: string): Promise<Uint8Array> {
  const seed = (await read(file)) ?? (await create(file))
  if (seed.byteLength !== SEED_BYTES) {
    throw new Error(`${file} has ${seed.byteLength} bytes where a relay key has ${SEED_BYTES}`)
  }
  return seed
}

async function read(file: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The file appears with all its bytes on disk or not at all, also when the machine stops in between. */
async function create(file: string): Promise<Uint8Array> {
  const seed = new Uint8Array(randomBytes(SEED_BYTES))
  // One process has the folder: a draft that is there was left by one that died, and is written over.
  const draft = `${file}.new`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(seed)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  const directory = await open(dirname(file), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
  return seed
}
