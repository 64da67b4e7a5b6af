import { describe, expect, test, vi } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { createAttendance } from '../../../node/room/attendance.ts'
import { type Envelope, open } from '../../../protocol/envelope.ts'
import { idOf, type KeyText, keyText, type MemberId, type RoomId } from '../../../protocol/ids.ts'
import { BEACON, type Beacon } from '../../../protocol/room/beacon.ts'
import { bytesOf, foundCommunity, NOON, signerOf } from '../../support/community.ts'
import { PATIENCE } from '../../support/patience.ts'

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
  /** The beacon of this moment; it is signed a little after it was due. */
  const sent = (): Promise<Beacon> =>
    vi.waitFor(() => {
      const beacons = published.map((bytes) => open(BEACON, alice.community, bytes))
      const ours = beacons.find((one) => one.ok && one.value.payload.seq === clock.now())
      if (!ours?.ok) throw new Error('it is not signed yet')
      return ours.value.payload
    }, PATIENCE)
  return { clock, attending, beacon, here, sent }
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

describe('a reaction', () => {
  test('of ours is in every beacon until it fades, and one at a time', async () => {
    const { clock, attending, sent } = attendance()
    clock.turn(1_000)
    attending.react('clap')
    attending.react('heart')
    expect([...attending.reactions().values()]).toEqual(['clap'])
    clock.turn(150)
    expect((await sent()).react).toEqual({ k: 'clap', ago: 150 })
    clock.turn(2_000)
    attending.repeat()
    clock.turn(150)
    expect((await sent()).react).toEqual({ k: 'clap', ago: 2_300 })
    clock.turn(3_000)
    expect(attending.reactions().size).toBe(0)
    attending.repeat()
    clock.turn(150)
    expect((await sent()).react).toBeUndefined()
  })

  test('of another is theirs, the newest of their sessions, until it fades', () => {
    const { clock, attending, beacon } = attendance()
    const bob = idOf<MemberId>(bytesOf('Bob'))
    attending.take(beacon('Bob'))
    attending.take(beacon('Bob', { peer: sessionOf('Bob’s phone') }))
    clock.turn(1_000)
    attending.take(beacon('Bob', { react: { k: 'wow', ago: 0 } }))
    clock.turn(1_000)
    attending.take(beacon('Bob', { peer: sessionOf('Bob’s phone'), react: { k: 'laugh', ago: 0 } }))
    expect(attending.reactions().get(bob)).toBe('laugh')
    clock.turn(5_000)
    expect(attending.reactions().size).toBe(0)
  })
})

test('BEACON-8 BEACON-11 the relay, and who does not come over it, are said when they change, and left out where there is none', async () => {
  const { clock, attending, sent } = attendance()
  const [relay, bob] = [sessionOf('a relay'), sessionOf('Bob')]
  const said = async () => {
    clock.turn(150)
    const { relay: over, lacks } = await sent()
    return [over, lacks]
  }
  attending.showRelay(relay, [])
  expect(await said()).toEqual([relay, undefined])
  attending.showRelay(relay, [bob])
  expect(await said()).toEqual([relay, [bob]])
  attending.showRelay(undefined, [])
  expect(await said()).toEqual([undefined, undefined])
})
