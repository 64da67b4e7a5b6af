import { describe, expect, test } from 'vitest'
import { createAgreement } from '../../../node/room/agreement.ts'
import { createRoomLog } from '../../../node/room/log.ts'
import { seal } from '../../../protocol/envelope.ts'
import type { OperationId, RoomId } from '../../../protocol/ids.ts'
import { ROOM } from '../../../protocol/room/opening.ts'
import { OPERATION, type SignedOperation } from '../../../protocol/room/operation.ts'
import { bytesOf, foundCommunity, NOON, personOf, signerOf } from '../../support/community.ts'

const { founder: alice } = await foundCommunity(signerOf('log').publicKey)
const bob = await personOf(alice.community, 'Bob', NOON)
const opening = await seal(
  ROOM,
  alice.community,
  {
    m: alice.member,
    title: 'A room',
    topics: [],
    lang: 'en',
    vis: 'members' as const,
    hands: 'everybody' as const,
    nonce: bytesOf('room').slice(0, 16),
    at: NOON,
  },
  [alice.device],
)

/** Alice's `n`th: one after the other, or all at once. */
async function grant(n: number, heads: readonly OperationId[]): Promise<SignedOperation> {
  const act = { k: 'grant', to: bob.member, level: 20 } as const
  const payload = { r: opening.id as RoomId, m: alice.member, n, heads, at: NOON + n, ...act }
  const envelope = await seal(OPERATION, alice.community, payload, [alice.device])
  const id = envelope.id as OperationId
  return { id, device: alice.device.publicKey, operation: payload, envelope }
}

function peer() {
  const log = createRoomLog(opening)
  const agreement = createAgreement(log)
  return { log, agreement, tells: () => ({ heads: log.history.heads, ...agreement.own() }) }
}

describe('SYNC-4 agreement', () => {
  test('is between those who have the same operations and come to the same', async () => {
    const [a, b] = [peer(), peer()]
    expect(a.agreement.compare(bob.member, b.tells())).toBe(false)
    const first = await grant(0, [])
    a.log.add(first)
    // Somebody who has less differs in nothing.
    expect(a.agreement.compare(bob.member, b.tells())).toBe(false)
    b.log.add(first)
    expect(a.agreement.compare(bob.member, b.tells())).toBe(false)
    expect(a.agreement.differing.size).toBe(0)
  })

  test('is missing where the digest is another, until it is the same; heads without one say nothing', async () => {
    const [a, b] = [peer(), peer()]
    const first = await grant(0, [])
    for (const { log } of [a, b]) log.add(first)
    const wrong = { heads: b.log.history.heads, digest: new Uint8Array(32) }
    expect(a.agreement.compare(bob.member, wrong)).toBe(true)
    expect(a.agreement.compare(bob.member, wrong)).toBe(false)
    expect([...a.agreement.differing]).toEqual([bob.member])
    expect(a.agreement.compare(bob.member, { heads: b.log.history.heads })).toBe(false)
    expect(a.agreement.compare(bob.member, { ...wrong, heads: [] })).toBe(false)
    expect(a.agreement.compare(bob.member, b.tells())).toBe(true)
    expect(a.agreement.differing.size).toBe(0)
  })

  test('follows the state: the digest told is that of what is known now', async () => {
    const { log, agreement } = peer()
    const before = agreement.own().digest
    expect(agreement.own().digest).toBe(before)
    log.add(await grant(0, []))
    expect(agreement.own().digest).not.toEqual(before)
  })

  test('is not claimed over more heads than an answer can name', async () => {
    const { log, agreement } = peer()
    for (let i = 0; i < 17; i++) {
      const twin = { ...(await grant(0, [])).operation, at: NOON + i }
      const envelope = await seal(OPERATION, alice.community, twin, [alice.device])
      const id = envelope.id as OperationId
      expect(log.add({ id, device: alice.device.publicKey, operation: twin, envelope })).toBe('new')
    }
    expect(log.history.heads).toHaveLength(17)
    expect(agreement.own()).toEqual({})
  })
})
