import fc from 'fast-check'
import type { Value } from '../../protocol/codec.ts'

/** The same examples in every run. A run that fails names its path, which belongs into a test of its own. */
export function runs(numRuns: number): { readonly seed: number; readonly numRuns: number } {
  return { seed: 20_260_314, numRuns }
}

/** Any value of the profile that is not too deep. */
export function values(): fc.Arbitrary<Value> {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((any) => any.normalize('NFC'))
  const key = fc.string({ unit: fc.constantFrom(...PRINTABLE), minLength: 1, maxLength: 16 })
  return fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'medium' },
      fc.maxSafeNat(),
      fc.nat(300),
      fc.boolean(),
      text,
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie('value'), { maxLength: 30 }),
      fc.dictionary(key, tie('value'), { maxKeys: 30, noNullPrototype: false }),
    ),
  })).value
}

/** Bytes with a few of them changed, left out or put in. */
export function mutations(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const one = fc.record({
    kind: fc.constantFrom('change', 'drop', 'insert'),
    at: fc.nat(),
    byte: fc.nat(255),
  })
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((changes) => {
    const out = [...bytes]
    for (const { kind, at, byte } of changes) {
      const place = at % (out.length + 1)
      if (kind === 'insert') out.splice(place, 0, byte)
      else if (kind === 'drop') out.splice(place, 1)
      else if (place < out.length) out[place] = byte
    }
    return Uint8Array.from(out)
  })
}

const PRINTABLE = Array.from({ length: 0x7e - 0x21 + 1 }, (_, i) => String.fromCharCode(0x21 + i))
