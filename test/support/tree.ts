import { emptyRoot, type HashReader, leafHash, nodeHash } from '../../protocol/log/merkle.ts'

/** Trees for tests, by the recursive definition of RFC 9162 §2.1.1 and nothing else: slow, and written apart from the code that is tested. */

/** `MTH(D_n)` over entries. */
export function bruteRoot(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return emptyRoot()
  if (entries.length === 1) return leafHash(entries[0] as Uint8Array)
  let k = 1
  while (k * 2 < entries.length) k *= 2
  return nodeHash(bruteRoot(entries.slice(0, k)), bruteRoot(entries.slice(k)))
}

/** Every stored hash of a tree. Throws for a subtree that is not full. */
export function bruteReader(entries: readonly Uint8Array[]): HashReader {
  return (level, index) => {
    const part = entries.slice(index * 2 ** level, (index + 1) * 2 ** level)
    if (part.length !== 2 ** level) throw new RangeError(`no full subtree ${level}, ${index}`)
    return bruteRoot(part)
  }
}

/** So many different entries. */
export function entriesOf(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => new TextEncoder().encode(`entry ${i}`))
}
