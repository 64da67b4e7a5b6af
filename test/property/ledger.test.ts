import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { encodeEntry } from '../../protocol/community/entry.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import type { PersistentMap } from '../../protocol/state/persistent-map.ts'
import { foundCommunity, invite, join as joinCommunity, NOON, signerOf } from '../support/community.ts'
import { type LedgerCase, unhex } from '../vectors/format.ts'
import { stateOf } from '../vectors/make/story.ts'
import { mutations, runs } from './seeded.ts'

const verifier = await platformVerifier()
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/ledger.json'), 'utf8')) as {
  cases: readonly LedgerCase[]
}
const ledgers = cases.filter((one) => one.state !== undefined).map((one) => one.entries.map(unhex))

async function begin(entries: readonly Uint8Array[]): Promise<Membership> {
  const begun = await beginLedger(verifier, entries[0] as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  return begun.value
}

async function read(state: Membership, entries: readonly Uint8Array[]): Promise<Membership> {
  const told = await replay(verifier, state, entries)
  if (!told.ok) throw new Error(told.reason)
  return told.value
}

describe('reading a ledger', () => {
  it('LEDGER-8 comes to the same in any batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ledgers),
        fc.array(fc.integer({ min: 1, max: 4 })),
        async (entries, sizes) => {
          const whole = await read(await begin(entries), entries.slice(1))
          let state = await begin(entries)
          let next = 1
          for (const size of [...sizes, entries.length]) {
            state = await read(state, entries.slice(next, next + size))
            next = Math.min(next + size, entries.length)
          }
          expect({ ...state, touched: [] }).toEqual({ ...whole, touched: [] })
        },
      ),
      runs(60),
    )
  })

  it('LEDGER-8 does not change the state that it is given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ledgers), fc.nat(), async (entries, cut) => {
        const place = 1 + (cut % entries.length)
        const state = await read(await begin(entries), entries.slice(1, place))
        const before = stateOf(state)
        freeze(state)
        await read(state, entries.slice(place))
        expect(stateOf(state)).toEqual(before)
      }),
      runs(60),
    )
  })

  it('LEDGER-3 a damaged statement is void, or the entry is none; it never throws and never lets anybody in', async () => {
    const { founder, entries } = await foundCommunity(signerOf('log').publicKey)
    const invitation = await invite(founder, 0, NOON)
    const { envelope } = await joinCommunity(invitation, 'Bob', NOON)
    const state = await read(await begin(entries), [
      ...entries.slice(1),
      encodeEntry({ at: NOON, e: invitation.envelope.bytes }),
    ])
    freeze(state)
    const damaged = mutations(envelope.bytes).filter((bytes) => bytes.length > 0)
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        if (Buffer.compare(bytes, envelope.bytes) === 0) return
        const told = await replay(verifier, state, [encodeEntry({ at: NOON, e: bytes })])
        if (!told.ok) throw new Error(told.reason)
        expect(told.value.voids).toHaveLength(1)
        expect(told.value.members).toEqual(state.members)
      }),
      runs(300),
    )
  })

  it('ENTRY-1 noise is no entry', async () => {
    const state = await begin(ledgers[0] as readonly Uint8Array[])
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        expect((await replay(verifier, state, [noise])).ok).toBe(false)
      }),
      runs(200),
    )
  })
})

/** Makes whatever changes a state throw: objects and arrays are frozen. */
function freeze(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) return
  seen.add(value)
  if ('draft' in value) {
    // A map that only its drafts are written on.
    for (const item of (value as PersistentMap<string, unknown>).values()) freeze(item, seen)
    return
  }
  for (const item of Object.values(value)) freeze(item, seen)
  Object.freeze(value)
}
