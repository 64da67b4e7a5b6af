/** A reader of static logs by the words of C2SP and RFC 9162 alone, with Node's cryptography: nothing of what it checks has a part in it. */

import { createHash, createPublicKey, verify } from 'node:crypto'

export interface PlainLog {
  readonly origin: string
  readonly size: number
  readonly root: string
  readonly extension: string
  /** Names under the signatures, in their order. */
  readonly signers: readonly string[]
  readonly entries: readonly Buffer[]
}

/** Fetches everything. @param base where `checkpoint` is @param key raw public key of the log. Throws when anything does not hold */
export async function readPlainLog(base: URL, key: Uint8Array): Promise<PlainLog> {
  const note = (await get(new URL('checkpoint', base))).toString('utf8')
  const end = note.lastIndexOf('\n\n')
  const text = note.slice(0, end + 1)
  const [origin = '', size = '', root = '', ...extensions] = text.split('\n')
  const lines = note
    .slice(end + 2)
    .trimEnd()
    .split('\n')
  const signers = lines.map((line) => line.split(' ')[1] ?? '')
  const id = sha256(Buffer.from(`${origin}\n`), Buffer.of(1), key).subarray(0, 4)
  const own = lines
    .map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64'))
    .find((line) => line.subarray(0, 4).equals(id))
  if (!own || !verify(null, Buffer.from(text), publicKey(key), own.subarray(4)))
    throw new Error('the log did not sign')

  const entries: Buffer[] = []
  while (entries.length < Number(size)) {
    const index = entries.length / 256
    const width = Math.min(256, Number(size) - entries.length)
    let bundle = await get(new URL(`tile/entries/${place(index, width)}`, base))
    for (let i = 0; i < width; i++) {
      const length = bundle.readUInt16BE(0)
      if (bundle.length < 2 + length) throw new Error('a bundle is cut short')
      entries.push(bundle.subarray(2, 2 + length))
      bundle = bundle.subarray(2 + length)
    }
    if (bundle.length > 0) throw new Error('a bundle is too long')
    const tile = await get(new URL(`tile/0/${place(index, width)}`, base))
    const leaves = Buffer.concat(entries.slice(index * 256).map((entry) => sha256(Buffer.of(0), entry)))
    if (!tile.equals(leaves)) throw new Error(`the tile ${index} is not that of its entries`)
  }
  if (treeRoot(entries).toString('base64') !== root) throw new Error('the root is not that of the entries')
  return { origin, size: Number(size), root, extension: extensions[0] ?? '', signers, entries }
}

/** RFC 9162 §2.1.1, in base64. */
export function plainRoot(entries: readonly Buffer[]): string {
  return treeRoot(entries).toString('base64')
}

function treeRoot(entries: readonly Buffer[]): Buffer {
  if (entries.length === 0) return sha256()
  if (entries.length === 1) return sha256(Buffer.of(0), entries[0] as Buffer)
  let k = 1
  while (k * 2 < entries.length) k *= 2
  return sha256(Buffer.of(1), treeRoot(entries.slice(0, k)), treeRoot(entries.slice(k)))
}

/** A log here has fewer than a thousand tiles. */
function place(index: number, width: number): string {
  return `${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

/** RFC 8410 §4. */
function publicKey(raw: Uint8Array) {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw])
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

async function get(url: URL): Promise<Buffer> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answers with status ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
