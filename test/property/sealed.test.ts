import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  APPEAL_CONTENT,
  openerFromSeed,
  openSealed,
  REPORT_CONTENT,
  type ReportContent,
  type SealedKind,
  sealForCouncil,
} from '../../protocol/community/sealed.ts'
import { type CommunityId, idOf, keyText, type MemberId, type StatementId } from '../../protocol/ids.ts'
import { signerFromSeed } from '../../protocol/signature.ts'
import { bytesOf, signerOf } from '../support/community.ts'
import { sealed as sealedElsewhere } from '../support/sealing.ts'
import { hex, unhex } from '../vectors/format.ts'
import type { SealedCase, SealedFile } from '../vectors/make/sealing.ts'
import { mutations, runs } from './seeded.ts'

/** What is sealed for a council, damaged and misplaced. The good ones are those of the vectors. */

const file = JSON.parse(
  readFileSync(join(import.meta.dirname, '../vectors/sealed.json'), 'utf8'),
) as SealedFile
const good = file.cases.filter(({ reason }) => reason === undefined)
const community = idOf<CommunityId>(unhex(file.community))

function open(one: SealedCase, bytes: Uint8Array, change: { readonly [name: string]: unknown } = {}) {
  const { type, m, n, prev, v, keys, opener } = { ...one, ...change } as SealedCase
  const kind: SealedKind<unknown> = type === 'report' ? REPORT_CONTENT : APPEAL_CONTENT
  const place = { m: idOf<MemberId>(unhex(m)), n, prev: idOf<StatementId>(unhex(prev)) }
  const council = { v, keys: keys.map((key) => keyText(unhex(key))) }
  const seed = unhex(opener)
  return openSealed(
    kind,
    community,
    place,
    council,
    bytes,
    openerFromSeed(seed, signerFromSeed(seed).publicKey),
  )
}

describe('what is sealed for the council', () => {
  it('SEAL-5 opens not, once a byte was changed, left out or put in', () => {
    const damaged = fc
      .constantFrom(...good)
      .chain((one) => mutations(unhex(one.sealed)).map((bytes) => [one, bytes] as const))
      .filter(([one, bytes]) => hex(bytes) !== one.sealed)
    fc.assert(
      fc.property(damaged, ([one, bytes]) => {
        expect(open(one, bytes).ok).toBe(false)
      }),
      runs(400),
    )
  })

  it('SEAL-5 opens not when it is cut short anywhere', () => {
    const [one] = good
    if (one === undefined) throw new Error('no vector')
    const whole = unhex(one.sealed)
    for (let end = 0; end < whole.length; end++) expect(open(one, whole.subarray(0, end)).ok).toBe(false)
  })

  it('SEAL-2 opens at no other place, for nobody else and as nothing else', () => {
    const other = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hex)
    const foreign = fc.oneof(
      fc.record({ m: other }),
      fc.record({ prev: other }),
      fc.record({ n: fc.maxSafeNat() }),
      fc.record({ v: fc.maxSafeNat() }),
      fc.record({ opener: other }),
      fc.constant({ type: 'other' }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...good), foreign, (one, change) => {
        const named = Object.entries(change) as [keyof SealedCase, unknown][]
        fc.pre(named.every(([name, value]) => one[name] !== value))
        const type = one.type === 'report' ? 'appeal' : 'report'
        expect(open(one, unhex(one.sealed), 'type' in change ? { type } : change).ok).toBe(false)
      }),
      runs(200),
    )
  })

  it('SEAL-3, SEAL-4 is the same bytes and as long whatever is said, and opens for each of the council', () => {
    const council = { v: 2, keys: ['a', 'b', 'c'].map((one) => signerOf(one).publicKey).sort(inBytes) }
    const place = { m: idOf<MemberId>(bytesOf('m')), n: 4, prev: idOf<StatementId>(bytesOf('prev')) }
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
      .filter((words) => REPORT_CONTENT.content.decode({ of: bytesOf('of'), why: 'spam', words }, '').ok)
    const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const lengths = new Set<number>()
    fc.assert(
      fc.property(text, seeds, fc.constantFrom('a', 'b', 'c'), (words, seed, label) => {
        const content: ReportContent = { of: idOf(bytesOf('of')), why: 'spam', words: words.normalize('NFC') }
        const bytes = sealForCouncil(REPORT_CONTENT, community, place, council, content, seed)
        const sealing = { ...place, ...council, community, seed, type: 'report' }
        expect(bytes).toEqual(sealedElsewhere(sealing, REPORT_CONTENT.content.encode(content)))
        lengths.add(bytes.length)
        const opener = openerFromSeed(bytesOf(label), signerOf(label).publicKey)
        expect(openSealed(REPORT_CONTENT, community, place, council, bytes, opener)).toEqual({
          ok: true,
          value: content,
        })
      }),
      runs(40),
    )
    expect(lengths.size).toBe(1)
  })
})

function inBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'base64url'), Buffer.from(b, 'base64url'))
}
