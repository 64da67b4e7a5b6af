import { describe, expect, test } from 'vitest'
import { platformVerifier } from '../../../node/crypto/native.ts'
import type { Judging } from '../../../node/gossip/received.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { createDirectory } from '../../../node/room/directory.ts'
import type { Device, Member, Membership } from '../../../protocol/community/membership.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import type { KeyText, MemberId, OperationId, RoomId } from '../../../protocol/ids.ts'
import { BEACON_EXPIRY, DAY, MINUTE } from '../../../protocol/limits.ts'
import { ANNOUNCE, type Announcement } from '../../../protocol/room/announcement.ts'
import { ROOM, type Room } from '../../../protocol/room/opening.ts'
import { OPERATION } from '../../../protocol/room/operation.ts'
import { bytesOf, foundCommunity, NOON, type Person, personOf, signerOf } from '../../support/community.ts'

const { founder: alice } = await foundCommunity(signerOf('log').publicKey)
const bob = await personOf(alice.community, 'Bob', NOON)
const stranger = await personOf(alice.community, 'Stranger', NOON)
const verifier = await platformVerifier()

/** As much of a membership as judging a member's signature needs. */
function membershipOf(...people: readonly Person[]): Membership {
  const members = new Map<MemberId, Member>(
    people.map(({ member }) => [member, { id: member, standing: 'active' } as unknown as Member]),
  )
  const devices = new Map<KeyText, Device>(
    people.map(({ member, device }) => [
      device.publicKey,
      { key: device.publicKey, member } as unknown as Device,
    ]),
  )
  return { community: alice.community, members, devices } as unknown as Membership
}

function directory(...people: readonly Person[]) {
  const clock = turnedClock(NOON * 1000)
  const judging: Judging = { verifier, membership: () => membershipOf(...people) }
  return Object.assign(createDirectory(judging, clock), { clock })
}

function opening(host: Person, title: string, change: Partial<Room> = {}): Promise<Envelope<Room>> {
  const payload: Room = {
    m: host.member,
    title,
    topics: [],
    lang: 'en',
    vis: 'members',
    hands: 'everybody',
    nonce: bytesOf(title).slice(0, 16),
    at: NOON,
    ...change,
  }
  return seal(ROOM, host.community, payload, [host.device])
}

async function announcement(
  by: Person,
  room: Envelope<Room>,
  /** Milliseconds after noon. */
  seq: number,
  change: Partial<Announcement> = {},
): Promise<Uint8Array> {
  const payload: Announcement = {
    r: room.id as RoomId,
    m: by.member,
    peer: signerOf(`${by.name} session`).publicKey,
    seq: NOON * 1000 + seq,
    opening: room.bytes,
    people: 1,
    here: [],
    ...change,
  }
  return (await seal(ANNOUNCE, by.community, payload, [by.device])).bytes
}

async function end(by: Person, room: Envelope<Room>, k: 'end' | 'lock' = 'end'): Promise<Uint8Array> {
  const heads: OperationId[] = []
  const payload = { r: room.id as RoomId, m: by.member, n: 0, heads, at: NOON, k }
  return (await seal(OPERATION, by.community, payload, [by.device])).bytes
}

const titles = (list: ReturnType<typeof directory>) =>
  list.rooms.value.map((room) => room.opening.payload.title)

describe('the list of rooms', () => {
  test('shows a room that anybody in it announces, as it was announced last', async () => {
    const list = directory(alice, bob)
    const room = await opening(alice, 'Evening')
    expect(await list.receive(await announcement(alice, room, 1))).toMatchObject({ ok: true })
    expect(await list.receive(await announcement(bob, room, 3, { people: 7 }))).toMatchObject({ ok: true })
    for (const seq of [3, 2])
      expect(await list.receive(await announcement(alice, room, seq))).toEqual({ ok: false, reason: 'stale' })
    expect(list.rooms.value.map(({ announcement: { payload } }) => payload.people)).toEqual([7])
    list.stop()
  })

  test('takes no announcement of another time: it could not be outdone by an honest one', async () => {
    const list = directory(alice)
    const room = await opening(alice, 'Evening')
    for (const far of [-6, 6])
      expect(await list.receive(await announcement(alice, room, far * MINUTE * 1000))).toEqual({
        ok: false,
        reason: 'stale',
      })
    expect(await list.receive(await announcement(alice, room, 1))).toMatchObject({ ok: true })
    list.stop()
  })

  test('loses a room that nobody speaks of any more', async () => {
    const list = directory(alice)
    await list.receive(await announcement(alice, await opening(alice, 'Evening'), 1))
    list.clock.turn(BEACON_EXPIRY * 1000)
    expect(titles(list)).toEqual(['Evening'])
    list.clock.turn(6_000)
    expect(titles(list)).toEqual([])
    list.stop()
  })

  test('ANN-4 takes nothing again that was said of a room which left the list, until it is too old to be taken', async () => {
    const list = directory(alice)
    const room = await opening(alice, 'Evening')
    const said = await announcement(alice, room, 1)
    await list.receive(said)
    const stale = { ok: false, reason: 'stale' }
    for (let passed = 0; passed < 15 * MINUTE; passed += BEACON_EXPIRY) {
      list.clock.turn(BEACON_EXPIRY * 1000 + 6_000)
      expect(await list.receive(said)).toEqual(stale)
      expect(titles(list)).toEqual([])
    }
    // Her clock is five minutes ahead.
    const now = list.clock.now() - NOON * 1000
    const ahead = await announcement(alice, room, now + 5 * MINUTE * 1000)
    expect(await list.receive(ahead)).toMatchObject({ ok: true })
    for (let passed = 0; passed < 15 * MINUTE; passed += BEACON_EXPIRY) {
      list.clock.turn(BEACON_EXPIRY * 1000 + 6_000)
      expect(await list.receive(ahead)).toEqual(stale)
    }
    // She is back, and says something new.
    expect(await list.receive(await announcement(alice, room, list.clock.now() - NOON * 1000))).toMatchObject(
      {
        ok: true,
      },
    )
    expect(titles(list)).toEqual(['Evening'])
    list.stop()
  })

  test('loses a room that its host ended, at once and for good', async () => {
    const list = directory(alice, bob)
    const room = await opening(alice, 'Evening')
    await list.receive(await announcement(alice, room, 1))
    expect(await list.receive(await announcement(bob, room, 2, { end: await end(bob, room) }))).toEqual({
      ok: false,
      reason: 'level-too-low',
    })
    // Nor does anything else that the host did.
    const locked = await announcement(bob, room, 2, { end: await end(alice, room, 'lock') })
    expect(await list.receive(locked)).toEqual({ ok: false, reason: 'level-too-low' })
    expect(titles(list)).toEqual(['Evening'])
    expect(list.isOver(room.id as RoomId)).toBe(false)
    const last = await announcement(bob, room, 3, { end: await end(alice, room) })
    expect(await list.receive(last)).toMatchObject({ ok: true })
    expect(titles(list)).toEqual([])
    expect(list.isOver(room.id as RoomId)).toBe(true)
    expect(await list.receive(await announcement(alice, room, 4))).toEqual({ ok: false, reason: 'room-over' })
    expect(titles(list)).toEqual([])
    list.stop()
  })

  test('takes nothing from strangers, of private rooms, or of another room than it carries', async () => {
    const list = directory(alice, bob)
    const room = await opening(alice, 'Evening')
    const theirs = await opening(stranger, 'Theirs')
    const other = await opening(bob, 'Other')
    const cases: [Uint8Array, string][] = [
      [await announcement(stranger, room, 1), 'not-member'],
      [await announcement(bob, theirs, 1), 'not-member'],
      [await announcement(alice, await opening(alice, 'Secret', { vis: 'private' }), 1), 'foreign-room'],
      [await announcement(alice, room, 1, { opening: other.bytes }), 'foreign-room'],
      [await announcement(alice, room, 1, { end: await end(bob, other) }), 'foreign-room'],
      [await announcement(alice, room, 1, { opening: Uint8Array.of(0xf6) }), 'type-not-allowed'],
      [room.bytes, 'unknown-type'],
      [Uint8Array.of(0xf6), 'type-not-allowed'],
    ]
    for (const [bytes, reason] of cases)
      expect(await list.receive(bytes), reason).toMatchObject({ ok: false, reason })
    expect(titles(list)).toEqual([])
    list.stop()
  })

  test('has four rooms of a host at most, those that were opened last: old ones announced again keep no new one out', async () => {
    const list = directory(alice, bob)
    for (const day of [4, 3, 2, 1]) {
      const old = await opening(alice, `${day} days ago`, { at: NOON - day * DAY })
      expect(await list.receive(await announcement(bob, old, 1))).toMatchObject({ ok: true })
    }
    const older = await opening(alice, '5 days ago', { at: NOON - 5 * DAY })
    expect(await list.receive(await announcement(bob, older, 1))).toEqual({
      ok: false,
      reason: 'rate-limited',
    })
    expect(await list.receive(await announcement(alice, await opening(alice, 'Today'), 1))).toMatchObject({
      ok: true,
    })
    expect(titles(list)).toEqual(['3 days ago', '2 days ago', '1 days ago', 'Today'])
    list.stop()
  })

  test('is of a size that all members together cannot pass', async () => {
    const hosts = await Promise.all(
      Array.from({ length: 65 }, (_, i) => personOf(alice.community, `Host ${i}`, NOON)),
    )
    const list = directory(...hosts)
    for (const host of hosts)
      for (let i = 0; i < 4; i++)
        await list.receive(
          await announcement(host, await opening(host, `${host.name}, ${i}`, { at: NOON + i * MINUTE }), 1),
        )
    expect(titles(list)).toHaveLength(256)
    expect(titles(list).filter((title) => title.startsWith('Host 64'))).toEqual([])
    list.stop()
  })
})
