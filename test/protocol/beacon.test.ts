import { describe, expect, it } from 'vitest'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import { type CommunityId, idOf, type KeyText, type MemberId, type RoomId } from '../../protocol/ids.ts'
import { BEACON_EXPIRY, MAX_CLOCK_SKEW, MAX_SESSIONS_OF_A_MEMBER } from '../../protocol/limits.ts'
import { BEACON, type Beacon, type Beacons, mergeBeacon, present } from '../../protocol/room/beacon.ts'
import { bytesOf, NOON, signerOf } from '../support/community.ts'

const alice = idOf<MemberId>(bytesOf('Alice'))
const mallory = idOf<MemberId>(bytesOf('Mallory'))
const session = (label: string): KeyText => signerOf(label).publicKey

/** @param seq milliseconds after noon */
function beacon(
  m: MemberId,
  peer: KeyText,
  seq: number,
  change: Partial<Beacon> = {},
): Promise<Envelope<Beacon>> {
  const payload: Beacon = {
    r: idOf<RoomId>(bytesOf('room')),
    m,
    peer,
    seq: NOON * 1000 + seq,
    here: true,
    hand: 0,
    mic: 'none',
    speak: false,
    ...change,
  }
  return seal(BEACON, idOf<CommunityId>(bytesOf('community')), payload, [signerOf('device')])
}

const nobody: Beacons = new Map()
const seqs = (beacons: readonly Beacon[]) => beacons.map(({ seq }) => seq - NOON * 1000)

describe('beacons', () => {
  it('BEACON-2 the newest of a session counts, in whatever order they come', async () => {
    const [old, fresh] = await Promise.all([beacon(alice, session('a'), 1), beacon(alice, session('a'), 2)])
    const inOrder = mergeBeacon(mergeBeacon(nobody, old, NOON), fresh, NOON)
    const reversed = mergeBeacon(mergeBeacon(nobody, fresh, NOON), old, NOON)
    expect(seqs(present(inOrder, NOON))).toEqual([2])
    expect(seqs(present(reversed, NOON))).toEqual([2])
  })

  it('BEACON-2 one that another member signs displaces nobody', async () => {
    const hers = mergeBeacon(nobody, await beacon(alice, session('a'), 1), NOON)
    const attacked = mergeBeacon(hers, await beacon(mallory, session('a'), 100_000, { here: false }), NOON)
    const after = mergeBeacon(attacked, await beacon(alice, session('a'), 2), NOON)
    expect(present(after, NOON).map(({ m }) => m)).toEqual([alice])
    expect(seqs(present(after, NOON))).toEqual([2])
  })

  it('BEACON-3 a replay changes nothing, and gives the same value back', async () => {
    const goodbye = mergeBeacon(nobody, await beacon(alice, session('a'), 2, { here: false }), NOON)
    expect(mergeBeacon(goodbye, await beacon(alice, session('a'), 1), NOON)).toBe(goodbye)
    expect(mergeBeacon(goodbye, await beacon(alice, session('a'), 2), NOON)).toBe(goodbye)
    expect(present(goodbye, NOON)).toEqual([])
  })

  it('BEACON-3 one from another time changes nothing, even for who knows nothing', async () => {
    const skew = MAX_CLOCK_SKEW * 1000
    const taken = async (seq: number) =>
      mergeBeacon(nobody, await beacon(alice, session('a'), seq), NOON) !== nobody
    expect(await Promise.all([-skew - 1, -skew, skew, skew + 1].map(taken))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('BEACON-4 who falls silent fades, on the receiver’s clock', async () => {
    const heard = mergeBeacon(nobody, await beacon(alice, session('a'), 60_000), NOON)
    expect(present(heard, NOON + BEACON_EXPIRY)).toHaveLength(1)
    expect(present(heard, NOON + BEACON_EXPIRY + 1)).toHaveLength(0)
  })

  it('BEACON-5 a member with many sessions does not fill the memory of others', async () => {
    let heard = mergeBeacon(nobody, await beacon(alice, session('a'), 0), NOON)
    for (let i = 0; i < 20; i++) {
      heard = mergeBeacon(heard, await beacon(mallory, session(`m${i}`), i), NOON)
    }
    expect(heard.size).toBe(1 + MAX_SESSIONS_OF_A_MEMBER)
    expect(seqs(present(heard, NOON)).toSorted((a, b) => a - b)).toEqual([0, 12, 13, 14, 15, 16, 17, 18, 19])
  })
})
