import { describe, expect, test } from 'vitest'
import type { LedgerSource } from '../../../node/audit/source.ts'
import { LOG_ROTATE } from '../../../protocol/community/council.ts'
import { encodeEntry } from '../../../protocol/community/entry.ts'
import { beginLedger, replay } from '../../../protocol/community/replay.ts'
import { checkpointBytes, signCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { encodeBundle } from '../../../protocol/log/tile.ts'
import { createVerifier, type Signer } from '../../../protocol/signature.ts'
import { stateHash, stateRoot } from '../../../protocol/state/state.ts'
import { councilAct } from '../../support/acts.ts'
import { foundCommunity, invite, NOON, signerOf } from '../../support/community.ts'
import { bruteRoot } from '../../support/tree.ts'
import { audit } from './auditor.ts'

const [first, second] = [signerOf('the first log'), signerOf('the second log')]

/** Alice's community, whose council gives the log to another, and what an auditor finds under a checkpoint that one of them signed. */
async function foundUnder(signer: Signer, grown: boolean): Promise<readonly string[]> {
  const { community, entries: began, founder } = await foundCommunity(first.publicKey)
  const rotate = await councilAct(community, LOG_ROTATE, { log: second.publicKey }, NOON, [founder.root])
  const later = grown ? [(await invite(founder, 0, NOON)).envelope] : []
  const entries = [...began, ...[rotate, ...later].map(({ bytes }) => encodeEntry({ at: NOON, e: bytes }))]
  const verifier = createVerifier()
  const begun = await beginLedger(verifier, entries[0] as Uint8Array)
  const read = begun.ok ? await replay(verifier, begun.value, entries.slice(1)) : begun
  if (!read.ok) throw new Error(read.reason)
  const head = {
    size: entries.length,
    root: bruteRoot(entries),
    state: stateHash(read.value, stateRoot(read.value)),
  }
  const bytes = checkpointBytes(await signCheckpoint(signer, community, head))
  const source: LedgerSource = {
    name: 'the log of Alice’s friends',
    checkpoint: async () => bytes,
    async *bundles() {
      yield encodeBundle(entries)
    },
    close: async () => {},
  }
  return (await audit(source)).findings.map(({ code }) => code)
}

describe('KEEP-2 the tree that ends in a log-rotate', () => {
  test('is signed by the log that took that entry', async () => {
    expect(await foundUnder(first, false)).toEqual([])
  })

  test('is not signed by the next one', async () => {
    expect(await foundUnder(second, false)).toEqual(['checkpoint-unsigned'])
  })

  test('is followed by those that the next one signs, and it alone', async () => {
    expect(await foundUnder(second, true)).toEqual([])
    expect(await foundUnder(first, true)).toEqual(['checkpoint-unsigned'])
  })
})
