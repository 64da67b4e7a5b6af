import { describe, expect, test } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { createAttendance } from '../../../node/room/attendance.ts'
import type { Envelope } from '../../../protocol/envelope.ts'
import { idOf, type KeyText, keyText, type MemberId, type RoomId } from '../../../protocol/ids.ts'
import type { Beacon } from '../../../protocol/room/beacon.ts'
import { bytesOf, foundCommunity, NOON, signerOf } from '../../support/community.ts'

const { founder: alice } = await foundCommunity(signerOf('log').publicKey)
const room = idOf<RoomId>(bytesOf('room'))
const sessionOf = (name: string): KeyText => keyText(bytesOf(`${name} session`))

function attendance() {
  const clock = turnedClock(NOON * 1000)
  const session = signerOf('Alice session')
  const me = { member: alice.member, device: alice.device, session, peer: 'alice' as never }
  const published: Uint8Array[] = []
  const attending = createAttendance(me, alice.community, room, clock, async (bytes) => {
    published.push(bytes)
  })
  /** A beacon of somebody, as it is after its signature was verified. */
  const beacon = (name: string, change: Partial<Beacon> = {}): Envelope<Beacon> => {
    const payload: Beacon = {
      r: room,
      m: idOf<MemberId>(bytesOf(name)),
      peer: sessionOf(name),
      seq: clock.now(),
      here: true,
      hand: 0,
      mic: 'none',
      speak: false,
      ...change,
    }
    return { payload, bytes: bytesOf(`${name} ${payload.seq}`) } as unknown as Envelope<Beacon>
  }
  const here = () => attending.here().map(({ peer }) => peer)
  return { clock, attending, beacon, here }
}

describe('who is here', () => {
  test('is who beats, until they say goodbye or fall silent', () => {
    const { clock, attending, beacon, here } = attendance()
    expect(attending.take(beacon('Bob'))).toBe(true)
    expect(attending.take(beacon('Carol'))).toBe(true)
    expect(here()).toEqual([sessionOf('Bob'), sessionOf('Carol')])
    clock.turn(1_000)
    expect(attending.take(beacon('Carol', { here: false }))).toBe(true)
    expect(here()).toEqual([sessionOf('Bob')])
    clock.turn(30_000)
    expect(here()).toEqual([])
  })

  test('is not who goes silent with their link, and is who is heard over others', () => {
    const { clock, attending, beacon, here } = attendance()
    attending.take(beacon('Bob'))
    attending.linked(sessionOf('Bob'), true)
    clock.turn(1_000)
    attending.linked(sessionOf('Bob'), false)
    clock.turn(2_000)
    expect(here()).toEqual([sessionOf('Bob')])
    clock.turn(1_000)
    expect(here()).toEqual([])
    attending.take(beacon('Bob'))
    expect(here()).toEqual([sessionOf('Bob')])
  })

  test('fits into a memory that all sessions of an evening do not fill', () => {
    const { clock, attending, beacon } = attendance()
    for (let i = 0; i < 2_000; i += 1) attending.take(beacon(`guest ${i}`))
    expect(attending.take(beacon('one too many'))).toBe(false)
    // They may be gone, but what they sent could still be played back.
    clock.turn(600_000)
    expect(attending.take(beacon('early'))).toBe(false)
    clock.turn(1_000)
    expect(attending.take(beacon('Bob'))).toBe(true)
    expect(attending.beacons.size).toBe(1)
  })
})
