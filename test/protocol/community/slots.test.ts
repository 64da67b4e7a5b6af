import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../../node/crypto/native.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../../protocol/community/replay.ts'
import { slotReason, slotsOf } from '../../../protocol/community/slots.ts'
import { MINUTE } from '../../../protocol/limits.ts'
import { type LedgerCase, unhex } from '../../vectors/format.ts'

/** What people are shown of their slots, on every ledger of the vectors, after every entry. */

const verifier = await platformVerifier()
const { cases } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../vectors/ledger.json'), 'utf8'),
) as { cases: readonly LedgerCase[] }

/** The state after every entry. */
async function statesOf({ entries }: LedgerCase): Promise<readonly Membership[]> {
  const [genesis, ...rest] = entries.map(unhex)
  let read = await beginLedger(verifier, genesis as Uint8Array)
  const states: Membership[] = []
  for (const entry of rest) {
    if (read.ok) read = await replay(verifier, read.value, [entry])
    if (!read.ok) throw new Error(read.reason)
    states.push(read.value)
  }
  return states
}

const states = (await Promise.all(cases.filter((one) => one.state !== undefined).map(statesOf))).flat()

describe('a slot', () => {
  it('SLOT-1 to SLOT-7 is usable for people when a rule has nothing against it', () => {
    const seen = new Map<string, number>()
    for (const state of states) {
      for (const member of state.members.values()) {
        for (const slot of slotsOf(state, member.id, state.time)) {
          const reason = slotReason(state, member, slot.slot, state.time)
          expect(reason === undefined).toBe(slot.state === 'usable')
          seen.set(slot.state, (seen.get(slot.state) ?? 0) + 1)
        }
        expect(slotReason(state, member, member.slots, state.time)).toBe('slot-not-entitled')
      }
    }
    expect([...seen.keys()].sort()).toEqual(['immature', 'paused', 'spent', 'usable', 'withheld'])
  })

  it('SLOT-6 is kept from its member for one reason until the stated time, and no longer', () => {
    const dated = new Map<string, number>()
    for (const state of states) {
      for (const { id } of state.members.values()) {
        for (const slot of slotsOf(state, id, state.time)) {
          if (slot.state === 'usable' || slot.from === undefined) continue
          const stateAt = (at: number) => slotsOf(state, id, at)[slot.slot]?.state
          expect(stateAt(slot.from)).not.toBe(slot.state)
          if (slot.from - MINUTE >= state.time) expect(stateAt(slot.from - MINUTE)).toBe(slot.state)
          dated.set(slot.state, (dated.get(slot.state) ?? 0) + 1)
        }
      }
    }
    expect([...dated.keys()].sort()).toEqual(['immature', 'paused', 'spent', 'withheld'])
  })
})
