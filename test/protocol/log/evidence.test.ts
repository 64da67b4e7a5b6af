import { describe, expect, it } from 'vitest'
import { decodeValue, encodeValue, type Value } from '../../../protocol/codec.ts'
import { decodeEntry, encodeEntry } from '../../../protocol/community/entry.ts'
import { peekId } from '../../../protocol/envelope.ts'
import { idBytes, type StatementId } from '../../../protocol/ids.ts'
import { checkpointBytes, genesisLog } from '../../../protocol/log/checkpoint.ts'
import { cosign } from '../../../protocol/log/cosignature.ts'
import {
  brokenPromise,
  decodeEvidence,
  doublePromise,
  type Evidence,
  encodeEvidence,
  forkEvidence,
  verifyEvidence,
} from '../../../protocol/log/evidence.ts'
import type { NoteSignature } from '../../../protocol/log/signed-note.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { foundLoggedCommunity, History, signAnew } from '../../support/log.ts'

/** EVID: what convicts a log, told as two histories that it shows. Mallory keeps the log. */

const verifier = createVerifier()
const house = await foundLoggedCommunity()
const { genesis, community: c, log } = house
const shown = await History.of(house, 7)
// The same three entries, and then others.
const hidden = await History.of(house, 7, 'hidden', 3)

function idAt(history: History, index: number): StatementId {
  const entry = decodeEntry(history.entries[index] as Uint8Array)
  const id = entry.ok ? peekId(c, entry.value.e) : entry
  if (!id.ok) throw new Error(id.reason)
  return id.value as StatementId
}

async function outcome(
  evidence: Evidence | Uint8Array,
  keys?: readonly (typeof log.publicKey)[],
): Promise<string> {
  const bytes = evidence instanceof Uint8Array ? evidence : encodeEvidence(evidence)
  const verdict = await verifyEvidence(verifier, { ...genesisLog(genesis), ...(keys && { keys }) }, bytes)
  if (verdict.ok) expect(encodeEvidence(verdict.value.evidence)).toEqual(bytes)
  return verdict.ok ? `convicted at ${verdict.value.at}` : verdict.reason
}

/** The same evidence with some fields as they would stand on the wire; those that are `undefined` are left out. */
function altered(evidence: Evidence, fields: Readonly<Record<string, Value | undefined>>): Uint8Array {
  const read = decodeValue(encodeEvidence(evidence), 65_536)
  if (!read.ok) throw new Error(read.reason)
  const all = Object.entries({ ...(read.value as object), ...fields }).filter(
    ([, value]) => value !== undefined,
  )
  return encodeValue(Object.fromEntries(all) as Value)
}

describe('two checkpoints', () => {
  it('EVID-3 of one size with other roots convict', async () => {
    const [a, b] = [await shown.checkpoint(), await hidden.checkpoint()]
    expect(await outcome(forkEvidence(c, a, b))).toBe('convicted at 7')
    // One spelling, whoever holds which.
    expect(encodeEvidence(forkEvidence(c, b, a))).toEqual(encodeEvidence(forkEvidence(c, a, b)))
  })

  it('EVID-3 of one size with other states convict', async () => {
    const [a, b] = [await shown.checkpoint(7, 'one state'), await shown.checkpoint(7, 'another')]
    expect(await outcome(forkEvidence(c, a, b))).toBe('convicted at 7')
  })

  it('EVID-4 of two sizes convict when the larger one had another root before', async () => {
    const [small, large] = [await shown.checkpoint(4), await hidden.checkpoint(7)]
    const between = { root: hidden.head(4).root, proof: hidden.consistency(4) }
    expect(await outcome(forkEvidence(c, large, small, between))).toBe('convicted at 4')
    const five = { root: hidden.head(5).root, proof: hidden.consistency(5) }
    expect(await outcome(forkEvidence(c, await shown.checkpoint(5), large, five))).toBe('convicted at 5')
  })

  it('EVID-2 carry the log’s signature alone, whatever came with them', async () => {
    const [a, b] = [await shown.checkpoint(), await hidden.checkpoint()]
    const line = await cosign(signerOf('Wanda'), a.note.text, NOON)
    const cosigned = { ...a, note: { ...a.note, signatures: [line, ...a.note.signatures] } }
    expect(encodeEvidence(forkEvidence(c, cosigned, b))).toEqual(encodeEvidence(forkEvidence(c, a, b)))
    const carried = altered(forkEvidence(c, a, b), { a: checkpointBytes(cosigned), b: checkpointBytes(b) })
    expect(await outcome(carried)).toBe('not-canonical')
  })

  it('EVID-3 and 4 do not convict an honest log', async () => {
    const [four, seven] = [await shown.checkpoint(4), await shown.checkpoint(7)]
    const between = { root: shown.head(4).root, proof: shown.consistency(4) }
    expect(await outcome(forkEvidence(c, four, seven, between))).toBe('evidence-wrong')
    expect(await outcome(forkEvidence(c, four, seven, { ...between, root: hidden.head(4).root }))).toBe(
      'proof-wrong',
    )
    expect(await outcome(forkEvidence(c, four, seven))).toBe('field-missing')
    expect(await outcome(forkEvidence(c, seven, await shown.checkpoint(7)))).toBe('not-canonical')
  })

  it('EVID-3 say the same even when they were signed twice', async () => {
    const a = await shown.checkpoint()
    const [first] = a.note.signatures as readonly [NoteSignature]
    const signature = signAnew('the log', new TextEncoder().encode(a.note.text))
    const b = { ...a, note: { ...a.note, signatures: [{ ...first, signature }] } }
    expect(await outcome(forkEvidence(c, a, b))).toBe('evidence-wrong')
  })

  it('EVID-2 stand in one order, with nothing beside', async () => {
    const fork = forkEvidence(c, await shown.checkpoint(), await hidden.checkpoint())
    expect(await outcome(altered(fork, { a: fork.b, b: fork.a }))).toBe('not-canonical')
    expect(await outcome(altered(fork, { root: new Uint8Array(32) }))).toBe('field-unknown')
    expect(await outcome(altered(fork, { proof: [] }))).toBe('field-unknown')
    expect(await outcome(altered(fork, { more: true }))).toBe('field-unknown')
  })

  it('EVID-2 of somebody else convict nobody', async () => {
    const other = signerOf('another log')
    const their = new History({ ...house, log: other }, hidden.entries)
    const [a, b] = [await shown.checkpoint(), await their.checkpoint()]
    expect(() => forkEvidence(c, a, b)).toThrow(TypeError)
    const fork = forkEvidence(c, a, await hidden.checkpoint())
    const order = Buffer.compare(checkpointBytes(a), checkpointBytes(b)) < 0
    const [first, second] = order ? [a, b] : [b, a]
    const mixed = altered(fork, { a: checkpointBytes(first), b: checkpointBytes(second) })
    expect(await outcome(mixed)).toBe('signer-missing')
    const mine = forkEvidence(c, b, await new History({ ...house, log: other }, shown.entries).checkpoint())
    expect(await outcome(mine)).toBe('log-unknown')
    expect(await outcome(mine, [log.publicKey, other.publicKey])).toBe('convicted at 7')
    expect(await outcome(altered(fork, { c: idBytes(idAt(shown, 1)) }))).toBe('foreign-community')
  })
})

describe('a promise', () => {
  const index = 5

  it('EVID-5 and a tree with another statement there convict', async () => {
    const promised = await shown.promise(index, idAt(shown, index))
    const [entry, proof] = [hidden.entries[index] as Uint8Array, hidden.inclusion(index)]
    const evidence = brokenPromise(c, promised, await hidden.checkpoint(), entry, proof)
    expect(await outcome(evidence)).toBe('convicted at 5')
    expect(await outcome(brokenPromise(c, promised, await hidden.checkpoint(6), entry, proof))).toBe(
      'proof-wrong',
    )
  })

  it('EVID-5 and a tree with no statement at all there convict', async () => {
    const promised = await shown.promise(index, idAt(shown, index))
    for (const junk of [Uint8Array.of(0), encodeEntry({ at: NOON, e: Uint8Array.of(0) })]) {
      const history = new History(house, shown.entries.with(index, junk))
      const evidence = brokenPromise(c, promised, await history.checkpoint(), junk, history.inclusion(index))
      expect(await outcome(evidence)).toBe('convicted at 5')
    }
  })

  it('EVID-5 that was kept does not convict', async () => {
    const entry = shown.entries[index] as Uint8Array
    const promised = await shown.promise(index, idAt(shown, index))
    const kept = brokenPromise(c, promised, await shown.checkpoint(), entry, shown.inclusion(index))
    expect(await outcome(kept)).toBe('evidence-wrong')
    // The genesis, whose id is made without a community.
    const first = await shown.promise(0, genesis.id as StatementId)
    const founded = brokenPromise(
      c,
      first,
      await shown.checkpoint(),
      shown.entries[0] as Uint8Array,
      shown.inclusion(0),
    )
    expect(await outcome(founded)).toBe('evidence-wrong')
  })

  it('EVID-5 for later does not convict', async () => {
    const promised = await shown.promise(index, idAt(shown, index))
    const [entry, proof] = [hidden.entries[4] as Uint8Array, hidden.inclusion(4, 5)]
    expect(await outcome(brokenPromise(c, promised, await hidden.checkpoint(5), entry, proof))).toBe(
      'evidence-wrong',
    )
  })

  it('EVID-5 is signed by the log', async () => {
    const their = new History({ ...house, log: signerOf('another log') }, shown.entries)
    const promised = await their.promise(index, idAt(shown, index))
    const [entry, proof] = [hidden.entries[index] as Uint8Array, hidden.inclusion(index)]
    const evidence = brokenPromise(c, promised, await hidden.checkpoint(), entry, proof)
    expect(await outcome(evidence)).toBe('signer-unexpected')
    expect(await outcome(altered(evidence, { promise: genesis.bytes }))).toBe('unknown-type')
    expect(await outcome(altered(evidence, { entry: new Uint8Array(5_818) }))).toBe('field-invalid')
  })
})

describe('two promises', () => {
  const [one, other] = [idAt(shown, 4), idAt(hidden, 4)]

  it('EVID-6 of one place to two, or of two places to one, convict', async () => {
    const [a, b] = [await shown.promise(4, one), await shown.promise(4, other)]
    const evidence = doublePromise(c, log.publicKey, a, b)
    expect(await outcome(evidence)).toBe('convicted at 4')
    expect(encodeEvidence(doublePromise(c, log.publicKey, b, a))).toEqual(encodeEvidence(evidence))
    expect(await outcome(doublePromise(c, log.publicKey, a, await shown.promise(5, one)))).toBe(
      'convicted at 4',
    )
    expect(await outcome(altered(evidence, { a: evidence.b, b: evidence.a }))).toBe('not-canonical')
  })

  it('EVID-6 of two places to two do not', async () => {
    const [a, b] = [await shown.promise(4, one), await shown.promise(5, other)]
    expect(await outcome(doublePromise(c, log.publicKey, a, b))).toBe('evidence-wrong')
    expect(await outcome(doublePromise(c, log.publicKey, a, a))).toBe('not-canonical')
  })
})

describe('the bytes', () => {
  it.each([
    ['nothing', new Uint8Array(0), 'malformed'],
    ['more than 16 KiB', new Uint8Array(16_385), 'too-large'],
    ['no map', encodeValue([]), 'field-invalid'],
    ['no kind', encodeValue({}), 'field-missing'],
    ['an unknown kind', encodeValue({ kind: 'rumour' }), 'unknown-type'],
    ['a kind that is no text', encodeValue({ kind: 1 }), 'unknown-type'],
    ['a kind alone', encodeValue({ kind: 'fork' }), 'field-missing'],
  ])('EVID-1 refuses %s', (_name, bytes, reason) => {
    expect(decodeEvidence(bytes)).toMatchObject({ ok: false, reason })
  })

  it('EVID-1 refuses notes and promises that are none', async () => {
    const fork = forkEvidence(c, await shown.checkpoint(), await hidden.checkpoint())
    expect(await outcome(altered(fork, { a: Uint8Array.of(0) }))).toBe('note-malformed')
    expect(await outcome(altered(fork, { b: Uint8Array.of(0) }))).toBe('note-malformed')
    expect(await outcome(altered(fork, { proof: [bytesOf('a').slice(1)] }))).toBe('field-invalid')
    const double = doublePromise(
      c,
      log.publicKey,
      await shown.promise(4, idAt(shown, 4)),
      await shown.promise(4, idAt(shown, 5)),
    )
    expect(await outcome(altered(double, { a: Uint8Array.of(0) }))).toBe('field-invalid')
    expect(await outcome(altered(double, { b: Uint8Array.of(0) }))).toBe('field-invalid')
  })
})
