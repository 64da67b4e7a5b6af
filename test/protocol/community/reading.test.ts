import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../../node/crypto/native.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import { startReplay } from '../../../protocol/community/reading.ts'
import {
  admit,
  append,
  beginLedger,
  judge,
  openEntry,
  replay,
  replayVerified,
  type VerifiedEntry,
  verifyParts,
} from '../../../protocol/community/replay.ts'
import { nextStateTree, stateHash, stateRoot, stateTree } from '../../../protocol/state/state.ts'
import { treeRoot } from '../../../protocol/state/tree.ts'
import { type LedgerCase, unhex } from '../../vectors/format.ts'
import { stateOf } from '../../vectors/make/story.ts'

/** The ways of reading a ledger come to the same, on every ledger of the vectors. */

const verifier = await platformVerifier()
const { cases } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../vectors/ledger.json'), 'utf8'),
) as { cases: readonly LedgerCase[] }
const ledgers = cases
  .filter((one) => one.state !== undefined)
  .map((one) => [`${one.rule} ${one.name}`, one.entries.map(unhex)] as const)

async function begin([genesis]: readonly Uint8Array[]): Promise<Membership> {
  const begun = await beginLedger(verifier, genesis as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  return begun.value
}

function opened(state: Membership, bytes: Uint8Array) {
  const entry = openEntry(state.community, bytes)
  if (!entry.ok) throw new Error(entry.reason)
  return entry.value
}

describe.each(ledgers)('%s', (_name, entries) => {
  it('entry by entry: what was touched is what changed', async () => {
    let state = await begin(entries)
    let tree = stateTree(state)
    for (const entry of entries.slice(1)) {
      const next = await replay(verifier, state, [entry])
      if (!next.ok) throw new Error(next.reason)
      state = next.value
      tree = nextStateTree(tree, state)
      expect(treeRoot(tree)).toEqual(stateRoot(state))
    }
  })

  it('with signatures that were verified before', async () => {
    const start = await begin(entries)
    const verified: VerifiedEntry[] = []
    for (const bytes of entries.slice(1)) {
      const entry = opened(start, bytes)
      const verdicts = entry.statement.ok ? await verifyParts(verifier, entry.statement.value) : []
      verified.push({ ...entry, verdicts })
    }
    const [one, other] = [await replay(verifier, start, entries.slice(1)), replayVerified(start, verified)]
    if (!one.ok || !other.ok) throw new Error('no ledger')
    expect(stateOf(other.value)).toEqual(stateOf(one.value))
  })

  it('as an auditor does: written on, two entries at a time', async () => {
    const start = await begin(entries)
    const reading = startReplay(start)
    let tree = stateTree(start)
    for (let from = 1; from < entries.length; from += 2) {
      const verified = entries.slice(from, from + 2).map(async (bytes): Promise<VerifiedEntry> => {
        const entry = opened(start, bytes)
        return {
          ...entry,
          verdicts: entry.statement.ok ? await verifyParts(verifier, entry.statement.value) : [],
        }
      })
      expect(reading.take(await Promise.all(verified)).ok).toBe(true)
      tree = nextStateTree(tree, reading.state)
    }
    const whole = await replay(verifier, start, entries.slice(1))
    if (!whole.ok) throw new Error(whole.reason)
    expect(reading.state.voids).toEqual(whole.value.voids)
    expect(stateHash(reading.state, treeRoot(tree))).toEqual(stateHash(whole.value, stateRoot(whole.value)))
    expect(start.size).toBe(1)
  })

  it('as a log does: admitted first, and then appended', async () => {
    let state = await begin(entries)
    for (const bytes of entries.slice(1)) {
      const { at, statement } = opened(state, bytes)
      const next = await replay(verifier, state, [bytes])
      if (!next.ok) throw new Error(next.reason)
      const entry = statement.ok
        ? await admit(verifier, state, statement.value.envelope.bytes, at)
        : statement
      const refused = next.value.voids.at(-1)
      if (entry.ok) expect(stateOf(append(state, entry.value, at))).toEqual(stateOf(next.value))
      else expect(refused).toEqual({ index: state.size, reason: entry.reason })
      state = next.value
    }
  })

  it('judged by verdicts of others', async () => {
    let state = await begin(entries)
    for (const bytes of entries.slice(1)) {
      const { at, statement } = opened(state, bytes)
      if (statement.ok) {
        const admitted = await admit(verifier, state, statement.value.envelope.bytes, at)
        const verdicts = await verifyParts(verifier, statement.value)
        const judged = judge(state, statement.value, at, (part) => {
          const verdict = verdicts[statement.value.signed.indexOf(part)]
          if (verdict === undefined) throw new Error('no part of the statement')
          return verdict
        })
        expect(judged.ok ? 'good' : judged.reason).toBe(admitted.ok ? 'good' : admitted.reason)
      }
      const next = await replay(verifier, state, [bytes])
      if (!next.ok) throw new Error(next.reason)
      state = next.value
    }
  })
})
