import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { decodeFrame } from '../../protocol/wire/frame.ts'
import { type EnvelopeFile, type FrameCase, hex, unhex } from '../vectors/format.ts'
import { judge, membershipOf } from '../vectors/judge.ts'
import { FRAMES } from '../vectors/make/frames.ts'
import { mutations, runs } from './seeded.ts'

/** Every signed thing and every frame, damaged. The good ones are those of the vectors. */

const folder = join(import.meta.dirname, '../vectors')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, read<EnvelopeFile>(name)] as const)
  .filter(([name, { type }]) => type !== undefined && name !== 'envelope.json')
const verifier = await platformVerifier()

describe.each(files)('%s', (_name, file) => {
  const good = file.cases.filter((one) => one.id !== undefined)

  it('ENV-8 a byte changed, left out or put in never verifies as the same statement', async () => {
    const membership = await membershipOf(verifier, file.ledger)
    const damaged = fc
      .constantFrom(...good)
      .chain((one) => mutations(unhex(one.envelope)).map((bytes) => [one, bytes] as const))
      .filter(([one, bytes]) => hex(bytes) !== one.envelope)
    await fc.assert(
      fc.asyncProperty(damaged, async ([one, bytes]) => {
        const verdict = await judge(verifier, file, membership, bytes, one.context)
        expect(verdict.ok).toBe(false)
      }),
      runs(150),
    )
  })
})

describe('frames', () => {
  const { cases } = read<{ cases: readonly FrameCase[] }>('frames.json')
  it('WIRE-2 that were damaged are refused or read, and never throw', () => {
    const damaged = fc
      .constantFrom(...cases)
      .chain((one) => mutations(unhex(one.bytes)).map((bytes) => [one, bytes] as const))
    let refused = 0
    fc.assert(
      fc.property(damaged, ([one, bytes]) => {
        const frame = FRAMES[`${one.protocol} ${one.direction}`]
        if (frame === undefined) throw new Error(`no frame ${one.protocol}`)
        if (!decodeFrame(frame, bytes).ok) refused += 1
      }),
      runs(2_000),
    )
    expect(refused).toBeGreaterThan(500)
  })
})
