import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Audit } from '../../../node/audit/audit.ts'
import { folderSource } from '../../../node/audit/folder-source.ts'
import { httpSource } from '../../../node/audit/http-source.ts'
import { compareNewer, compareOlder, type OurView, type View } from '../../../node/audit/view.ts'
import { LOG_FORK } from '../../../protocol/community/evidence.ts'
import { seal } from '../../../protocol/envelope.ts'
import { MINUTE } from '../../../protocol/limits.ts'
import type { SignedCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { brokenPromise, encodeEvidence, verifyEvidence } from '../../../protocol/log/evidence.ts'
import { inclusionProof, type Proof } from '../../../protocol/log/proof.ts'
import { sha256 } from '../../../relay/tree/sha256.ts'
import { devicesOf, promised, verifier } from '../../relay/tree/log-rig.ts'
import { NOON, signerOf } from '../../support/community.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { bruteReader } from '../../support/tree.ts'
import { audit } from './auditor.ts'
import { serveLog, type TwoFacedLog, twoFacedLog } from './two-faced-log.ts'

const signal = AbortSignal.timeout(60_000)

describe('a log that shows two histories', () => {
  test('of one size: each is without fault by itself, and the two checkpoints convict its key', async () => {
    const liar = await twoFacedLog([2, 2])
    const [ours, theirs] = [
      await audit(folderSource(liar.faces[0].folder)),
      await audit(folderSource(liar.faces[1].folder)),
    ]
    expect([ours.findings, theirs.findings]).toEqual([[], []])
    const [a, b] = await checkpoints(liar)
    expect(a.size).toBe(b.size)
    const evidence = split(await compareOlder(viewOf(ours), b, headAt(ours, b.size), signal))
    // Whoever compares the other way round finds the very same bytes.
    expect(split(await compareOlder(viewOf(theirs), a, headAt(theirs, a.size), signal))).toEqual(evidence)
    await expectConvicted(liar, evidence, a.size)

    // The ledger itself can hold it, and then everybody who reads the ledger knows.
    const { keeper } = liar.faces[0].rig
    const say = (who: string, at: number) =>
      seal(LOG_FORK, liar.log.community, { evidence, at }, [signerOf(who)])
    promised(await keeper.submit((await say('a passer-by', NOON)).bytes))
    expect(keeper.membership?.forks).toEqual([a.size])
    expect(await keeper.submit((await say('another', NOON + MINUTE)).bytes)).toMatchObject({
      reason: 'evidence-known',
    })
  })

  test.each([
    ['the smaller', 0],
    ['the larger', 1],
  ] as const)(
    'of two sizes: who audited %s finds with the tiles of both what convicts it',
    async (_, mine) => {
      const liar = await twoFacedLog([1, 4])
      const [small, large] = await checkpoints(liar)
      expect(small.size).toBeLessThan(large.size)
      const ours = await audit(folderSource(liar.faces[mine].folder), [small.size])
      expect(ours.findings).toEqual([])
      const view =
        mine === 0
          ? await compareNewer(viewOf(ours), large, folderSource(liar.faces[1].folder), sha256, signal)
          : await compareOlder(viewOf(ours), small, headAt(ours, small.size), signal)
      await expectConvicted(liar, split(view), small.size)
    },
  )

  test('is not accused by an honest continuation', async () => {
    const liar = await twoFacedLog([0, 3])
    const [early, late] = await checkpoints(liar)
    const before = await audit(folderSource(liar.faces[0].folder))
    const after = await audit(folderSource(liar.faces[1].folder), [early.size])
    const theirs = folderSource(liar.faces[1].folder)
    expect(await compareNewer(viewOf(before), late, theirs, sha256, signal)).toEqual({
      kind: 'consistent',
    })
    expect(await compareOlder(viewOf(after), early, headAt(after, early.size), signal)).toEqual({
      kind: 'consistent',
    })
    expect(await compareNewer(viewOf(before), late, undefined, sha256, signal)).toEqual({
      kind: 'unproven',
    })
  })
})

describe('a relay that alternates', () => {
  test('from one visit to the next is convicted by who remembers the last one', async () => {
    const liar = await twoFacedLog([2, 4])
    let face: 0 | 1 = 0
    const url = await serveLog(() => liar.faces[face].folder)
    const first = await audit(httpSource(url))
    face = 1
    const remembered = first.checkpoint as SignedCheckpoint
    const second = await audit(httpSource(url), [remembered.size])
    expect([first.findings, second.findings]).toEqual([[], []])
    const evidence = split(
      await compareOlder(viewOf(second), remembered, headAt(second, remembered.size), signal),
    )
    await expectConvicted(liar, evidence, remembered.size)
    // Back again: it does not help it.
    face = 0
    const third = await audit(httpSource(url))
    expect(third.head).toEqual(first.head)
    const theirs = folderSource(liar.faces[1].folder)
    const view = await compareNewer(
      viewOf(third),
      second.checkpoint as SignedCheckpoint,
      theirs,
      sha256,
      signal,
    )
    expect(split(view)).toEqual(evidence)
  })

  test.each([
    ['the checkpoint of one and the entries of the other', (path: string) => (path === 'checkpoint' ? 0 : 1)],
    ['the entries of one and the tree of the other', (path: string) => (/^tile\/\d/.test(path) ? 1 : 0)],
  ] as const)('within one visit shows %s, and contradicts itself', async (_, pick) => {
    const liar = await twoFacedLog([3, 3])
    const url = await serveLog((path) => liar.faces[pick(path)].folder)
    const { findings } = await audit(httpSource(url))
    const codes = findings.map(({ code }) => code)
    expect(codes).toContain(pick('checkpoint') === pick('tile/entries/000') ? 'tile-wrong' : 'root-wrong')
  })
})

test('a log that promises a place and puts another entry there is convicted by the promise', async () => {
  const liar = await twoFacedLog([1, 1])
  const [honest, other] = liar.faces
  const [statement] = await devicesOf({ ...liar.founded, founder: { ...liar.founded.founder } }, 1, 'story 0')
  // The first story keeps the promise that it gave; the second has something else in that place.
  const promise = promised(await honest.rig.keeper.submit(statement as Uint8Array))
  const { index } = promise.payload
  const checkpoint = await other.checkpoint()
  const audited = await audit(folderSource(other.folder))
  const entry = other.rig.store.entries(index, 1)[0] as Uint8Array
  expect(audited.findings).toEqual([])
  const proof = inclusionOf(other.rig.store.entries(0, checkpoint.size), index)
  const evidence = encodeEvidence(brokenPromise(liar.log.community, promise, checkpoint, entry, proof))
  await expectConvicted(liar, evidence, index)
  // The story that kept it gives nothing to hold against it.
  const kept = await honest.checkpoint()
  const there = honest.rig.store.entries(index, 1)[0] as Uint8Array
  const honestProof = inclusionOf(honest.rig.store.entries(0, kept.size), index)
  const nothing = encodeEvidence(brokenPromise(liar.log.community, promise, kept, there, honestProof))
  expect(await verifyEvidence(verifier, liar.log, nothing)).toMatchObject({
    ok: false,
    reason: 'evidence-wrong',
  })
})

function checkpoints({ faces }: TwoFacedLog): Promise<[SignedCheckpoint, SignedCheckpoint]> {
  return Promise.all([faces[0].checkpoint(), faces[1].checkpoint()])
}

function split(view: View): Uint8Array {
  if (view.kind !== 'split' || view.evidence === undefined) throw new Error(`no proof: ${view.kind}`)
  return encodeEvidence(view.evidence)
}

function viewOf({ checkpoint, reader, source }: Audit): OurView {
  if (checkpoint === undefined) throw new Error('no checkpoint that could be believed')
  const { community } = reader.state as NonNullable<Audit['state']>
  return { community, checkpoint, tree: reader.tree, source }
}

function headAt({ head, marks }: Audit, size: number) {
  return head.size === size ? head : (marks.get(size) as Audit['head'])
}

/** From a file, with nothing at hand but what the genesis says; and not in the name of another log. */
async function expectConvicted({ log }: TwoFacedLog, evidence: Uint8Array, at: number): Promise<void> {
  const file = join(temporaryFolder(), 'evidence')
  writeFileSync(file, evidence)
  const read = new Uint8Array(readFileSync(file))
  expect(await verifyEvidence(verifier, log, read)).toMatchObject({ ok: true, value: { at } })
  const other = { ...log, keys: [signerOf('another log').publicKey] }
  expect(await verifyEvidence(verifier, other, read)).toMatchObject({ ok: false, reason: 'log-unknown' })
  for (let i = 0; i < read.length; i += 7) {
    const changed = read.slice()
    changed[i] = (changed[i] as number) ^ 1
    expect(await verifyEvidence(verifier, log, changed), `with byte ${i} changed`).toMatchObject({
      ok: false,
    })
  }
}

function inclusionOf(entries: readonly Uint8Array[], index: number): Proof {
  return inclusionProof(index, entries.length, bruteReader(entries))
}
