import { describe, expect, test } from 'vitest'
import { createRoomLog } from '../../../node/room/log.ts'
import { compareBytes } from '../../../protocol/bytes.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import { idBytes, type MemberId, type OperationId, type RoomId } from '../../../protocol/ids.ts'
import { ROOM, type Room } from '../../../protocol/room/opening.ts'
import { type Act, OPERATION, type SignedOperation } from '../../../protocol/room/operation.ts'
import { bytesOf, foundCommunity, NOON, type Person, personOf, signerOf } from '../../support/community.ts'

const { founder: alice } = await foundCommunity(signerOf('log').publicKey)
const bob = await personOf(alice.community, 'Bob', NOON)
const opening = await openingOf(alice)

function openingOf(host: Person): Promise<Envelope<Room>> {
  const payload: Room = {
    m: host.member,
    title: 'A room',
    topics: [],
    lang: 'en',
    vis: 'members',
    hands: 'everybody',
    nonce: bytesOf('room').slice(0, 16),
    at: NOON,
  }
  return seal(ROOM, host.community, payload, [host.device])
}

/** @param n the operation's number in its device's chain @param heads what its maker had seen last */
async function operation(
  by: Person,
  n: number,
  heads: readonly SignedOperation[],
  act: Act,
): Promise<SignedOperation> {
  const payload = {
    r: opening.id as RoomId,
    m: by.member,
    n,
    heads: heads.map(({ id }) => id).toSorted((a, b) => compareBytes(idBytes(a), idBytes(b))),
    at: NOON,
    ...act,
  }
  const envelope = await seal(OPERATION, by.community, payload, [by.device])
  return { id: envelope.id as OperationId, device: by.device.publicKey, operation: payload, envelope }
}

const offer = (to: MemberId): Act => ({ k: 'grant', to, level: 20 })

describe('a room’s log', () => {
  test('takes operations whose ancestors it has, once', async () => {
    const log = createRoomLog(opening)
    const grant = await operation(alice, 0, [], offer(bob.member))
    const accept = await operation(bob, 0, [grant], { k: 'accept', ref: grant.id })
    expect(log.add(grant)).toBe('new')
    expect(log.state.offers.has(bob.member)).toBe(true)
    expect(log.add(grant)).toBe('known')
    expect(log.add(accept)).toBe('new')
    expect(log.state.levels.get(bob.member)).toBe(20)
    expect(log.history.heads).toEqual([accept.id])
  })

  test('lets one wait for its ancestors, and then takes all that it can in one go', async () => {
    const log = createRoomLog(opening)
    const first = await operation(alice, 0, [], offer(bob.member))
    const second = await operation(bob, 0, [first], { k: 'accept', ref: first.id })
    const third = await operation(alice, 1, [second], { k: 'mute', to: bob.member })
    expect(log.add(third)).toBe('waiting')
    expect(log.add(second)).toBe('waiting')
    expect(log.add(second)).toBe('waiting')
    expect(log.history.operations).toEqual([])
    expect(log.add(first)).toBe('new')
    expect(log.history.operations).toEqual([first, second, third])
    expect(log.state.muted.has(bob.member)).toBe(true)
    expect(log.add(third)).toBe('known')
  })

  test('refuses one that is not the next of its device, and one whose heads are no frontier', async () => {
    const log = createRoomLog(opening)
    const first = await operation(alice, 0, [], offer(bob.member))
    const second = await operation(alice, 1, [first], { k: 'lower', to: bob.member })
    log.add(first)
    expect(log.add(await operation(alice, 2, [first], { k: 'end' }))).toBe('refused')
    log.add(second)
    const before = log.history
    expect(log.add(await operation(alice, 2, [first, second], { k: 'end' }))).toBe('refused')
    expect(log.history).toBe(before)
    expect(log.state.ended).toBe(false)
  })

  test('one that waited for nothing good is refused with what it waited for, and the rest is taken', async () => {
    const log = createRoomLog(opening)
    const first = await operation(alice, 0, [], offer(bob.member))
    const wrong = await operation(bob, 7, [first], { k: 'accept', ref: first.id })
    const right = await operation(alice, 1, [first], { k: 'lower', to: bob.member })
    for (const one of [wrong, right]) expect(log.add(one)).toBe('waiting')
    expect(log.add(first)).toBe('new')
    expect(log.history.operations).toEqual([first, right])
  })

  test('keeps no more than so many that wait: a flood costs no more memory, and what was dropped may come again', async () => {
    const log = createRoomLog(opening)
    const unknown = { id: opening.id as string as OperationId } as SignedOperation
    // Made by hand: what a flood is made of need not be signed again for each.
    const flood = Array.from({ length: 256 }, (_, i) => {
      const id = signerOf(`flood ${i}`).publicKey as string as OperationId
      return {
        id,
        device: bob.device.publicKey,
        operation: { heads: [unknown.id] },
      } as unknown as SignedOperation
    })
    for (const one of flood) expect(log.add(one)).toBe('waiting')
    const first = await operation(alice, 0, [], offer(bob.member))
    const late = await operation(bob, 0, [first], { k: 'accept', ref: first.id })
    expect(log.add(late)).toBe('waiting')
    expect(log.add(first)).toBe('new')
    // It had been dropped; whoever has it is asked again.
    expect(log.history.operations).toEqual([first])
    expect(log.add(late)).toBe('new')
  })
})
