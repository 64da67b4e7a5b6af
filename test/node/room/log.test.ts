import { describe, expect, test } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { createCheckpoints } from '../../../node/room/checkpoints.ts'
import { createRoomLog } from '../../../node/room/log.ts'
import { createWaiting } from '../../../node/room/waiting.ts'
import { compareBytes } from '../../../protocol/bytes.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import { idBytes, type MemberId, type OperationId, type RoomId } from '../../../protocol/ids.ts'
import { operationsFrom } from '../../../protocol/room/history.ts'
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
    expect(operationsFrom(log.history)).toEqual([])
    expect(log.add(first)).toBe('new')
    expect(operationsFrom(log.history)).toEqual([first, second, third])
    expect(log.state.muted.has(bob.member)).toBe(true)
    expect(log.add(third)).toBe('known')
  })

  test('takes many in one go, in whatever order they come', async () => {
    const log = createRoomLog(opening)
    const first = await operation(alice, 0, [], offer(bob.member))
    const second = await operation(bob, 0, [first], { k: 'accept', ref: first.id })
    const third = await operation(alice, 1, [second], { k: 'mute', to: bob.member })
    const orphan = await operation(alice, 3, [third, await operation(bob, 1, [third], { k: 'checkpoint' })], {
      k: 'end',
    })
    log.addAll([third, second, orphan, first, second])
    expect(operationsFrom(log.history)).toEqual([first, second, third])
    expect(log.state.muted.has(bob.member)).toBe(true)
    const { state } = log
    log.addAll([first])
    log.addAll([])
    expect(log.state).toBe(state)
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
    expect(operationsFrom(log.history)).toEqual([first, right])
  })

  test('keeps no more than so many that wait: a flood costs no more memory, and what was dropped may come again', async () => {
    const log = createRoomLog(opening)
    const flood = Array.from({ length: 256 }, (_, i) => unsigned(bob, `flood ${i}`))
    for (const one of flood) expect(log.add(one)).toBe('waiting')
    const first = await operation(alice, 0, [], offer(bob.member))
    const late = await operation(bob, 0, [first], { k: 'accept', ref: first.id })
    expect(log.add(late)).toBe('waiting')
    expect(log.add(first)).toBe('new')
    // It had been dropped; whoever has it is asked again.
    expect(operationsFrom(log.history)).toEqual([first])
    expect(log.add(late)).toBe('new')
  })

  test('counts each act of what waits: nobody has more wait by signing it together', async () => {
    const log = createRoomLog(opening)
    const also = Array(31).fill({ k: 'lock' })
    const flood = Array.from({ length: 9 }, (_, i) => unsigned(bob, `bundle ${i}`))
    for (const { operation, ...rest } of flood)
      expect(log.add({ ...rest, operation: { ...operation, also } })).toBe('waiting')
    const first = await operation(alice, 0, [], offer(bob.member))
    const second = await operation(alice, 1, [first], { k: 'lock' })
    // Bob has 256 acts there, so whatever else he says gives way, and what Alice says does not.
    const late = await operation(bob, 0, [first], { k: 'accept', ref: first.id })
    for (const one of [late, second]) expect(log.add(one)).toBe('waiting')
    expect(log.add(first)).toBe('new')
    expect(operationsFrom(log.history)).toEqual([first, second])
  })

  test('makes room for each act of a bundle that comes to wait', () => {
    const waiting = createWaiting()
    for (let i = 0; i < 256; i++) waiting.add(unsigned(bob, `one ${i}`))
    const one = unsigned(alice, 'bundle')
    waiting.add({ ...one, operation: { ...one.operation, also: Array(31).fill({ k: 'lock' }) } })
    const of = (by: Person) => waiting.all().filter(({ operation: { m } }) => m === by.member).length
    expect([of(bob), of(alice)]).toEqual([256 - 32, 1])
  })
})

/** Made by hand: what a flood is made of need not be signed again for each. */
function unsigned(by: Person, name: string, heads: readonly string[] = [opening.id]): SignedOperation {
  const id = signerOf(name).publicKey as string as OperationId
  const made = { id, device: by.device.publicKey, operation: { m: by.member, heads } }
  return made as unknown as SignedOperation
}

describe('operations that wait', () => {
  test('a flood starves its maker alone: what others sent is kept', async () => {
    const log = createRoomLog(opening)
    const first = await operation(alice, 0, [], offer(bob.member))
    const second = await operation(alice, 1, [first], { k: 'mute', to: bob.member })
    for (let i = 0; i < 300; i++) log.add(unsigned(bob, `flood ${i}`))
    log.add(second)
    for (let i = 300; i < 600; i++) log.add(unsigned(bob, `flood ${i}`))
    log.add(first)
    expect(operationsFrom(log.history)).toEqual([first, second])
  })
})

describe('checkpoints', () => {
  const due = async (by: Person, operations: readonly SignedOperation[], wait: number) => {
    const clock = turnedClock(NOON * 1000)
    const log = createRoomLog(opening)
    const checkpoints = createCheckpoints(log, by, clock)
    expect(checkpoints.isDue()).toBe(false)
    for (const one of operations) expect(log.add(one)).toBe('new')
    clock.turn(wait)
    return checkpoints.isDue()
  }
  const chain = async (by: Person, length: number, act: Act, after: readonly SignedOperation[] = []) => {
    const made: SignedOperation[] = []
    for (let i = 0; i < length; i++)
      made.push(await operation(by, i, made.length > 0 ? made.slice(-1) : after.slice(-1), act))
    return made
  }

  test('ROOM-9 are due to who moderates, ten seconds after the last that they did, for what they have not covered', async () => {
    const acts = await chain(bob, 1, { k: 'lower', to: bob.member })
    expect(await due(alice, acts, 9_000)).toBe(false)
    expect(await due(alice, acts, 10_000)).toBe(true)
    expect(await due(bob, acts, 10_000)).toBe(false)
    const own = await operation(alice, 0, acts, { k: 'checkpoint' })
    expect(await due(alice, [...acts, own], 10_000)).toBe(false)
  })

  test('ROOM-9 are due at once for 64, and never for checkpoints alone', async () => {
    const acts = await chain(bob, 64, { k: 'lower', to: bob.member })
    expect(await due(alice, acts.slice(0, 63), 0)).toBe(false)
    expect(await due(alice, acts, 0)).toBe(true)
    expect(await due(alice, await chain(bob, 64, { k: 'checkpoint' }), 60_000)).toBe(false)
  })

  test('OP-4 are due for more ends than an operation can name', async () => {
    const ends = await Promise.all(
      Array.from({ length: 17 }, (_, i) =>
        operation(bob, 0, [], { k: 'accept', ref: opening.id as string as OperationId, at: NOON - i } as Act),
      ),
    )
    expect(await due(alice, ends.slice(0, 16), 0)).toBe(false)
    expect(await due(alice, ends, 0)).toBe(true)
  })

  test('ROOM-8 are due at once to a host whose room was taken, once', async () => {
    const hand = await operation(alice, 0, [], { k: 'hand', to: bob.member })
    const taken = await operation(bob, 0, [hand], { k: 'accept', ref: hand.id })
    expect(await due(alice, [hand], 0)).toBe(false)
    expect(await due(alice, [hand, taken], 0)).toBe(true)
    const yielded = await operation(alice, 1, [taken], { k: 'checkpoint' })
    expect(await due(alice, [hand, taken, yielded], 60_000)).toBe(false)
  })

  test('are due to nobody when the room is over', async () => {
    const acts = await chain(bob, 1, { k: 'lower', to: bob.member })
    const end = await operation(alice, 0, acts, { k: 'end' })
    const late = await operation(bob, 1, [end], { k: 'lower', to: bob.member })
    expect(await due(alice, [...acts, end, late], 60_000)).toBe(false)
  })
})
