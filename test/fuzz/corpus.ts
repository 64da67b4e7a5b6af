/** What the fuzzer starts from: every example, right and wrong, of the vectors. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const VECTORS = join(import.meta.dirname, '../vectors')

/** Fields of the vector files that hold what goes through a decoder, as hex digits. */
const HEX = /^(?:[0-9a-f]{2}){1,6000}$/

/** Longer examples cost time and find nothing that shorter ones do not. Bytes. */
const LONGEST = 8_192

export function corpus(): readonly Uint8Array[] {
  const found = new Map<string, Uint8Array>()
  for (const name of readdirSync(VECTORS).filter((each) => each.endsWith('.json')))
    for (const text of strings(JSON.parse(readFileSync(join(VECTORS, name), 'utf8')))) {
      const bytes = HEX.test(text)
        ? Uint8Array.from(Buffer.from(text, 'hex'))
        : Uint8Array.from(Buffer.from(text))
      if (bytes.length > 0 && bytes.length <= LONGEST) found.set(text, bytes)
    }
  return [...found.values()]
}

function* strings(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const item of value) yield* strings(item)
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) yield* strings(item)
}
