import { describe, expect, it } from 'vitest'
import { type Envelope, seal } from '../../protocol/envelope.ts'
import { type CommunityId, idOf, type KeyText, type MemberId, type RoomId } from '../../protocol/ids.ts'
import {
  BEACON_EXPIRY,
  MAX_CLOCK_SKEW,
  MAX_SESSIONS_OF_A_MEMBER,
  REACTION_LIFE,
} from '../../protocol/limits.ts'
import { BEACON, type Beacon, type Beacons, mergeBeacon, present } from '../../protocol/room/beacon.ts'
import { isShown, type ReactionKind } from '../../protocol/room/reaction.ts'
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

  /** Hears these one after the other; since when the member's hand counts, in seconds after noon, or 0. */
  async function handAfter(...said: readonly (readonly [peer: string, seconds: number, hand: number])[]) {
    let beacons = nobody
    for (const [peer, seconds, hand] of said) {
      const change = { hand: hand === 0 ? 0 : NOON + hand }
      beacons = mergeBeacon(
        beacons,
        await beacon(alice, session(peer), seconds * 1000, change),
        NOON + seconds,
      )
    }
    const counted = Math.max(...present(beacons, NOON + (said.at(-1)?.[1] ?? 0)).map(({ hand }) => hand))
    return counted === 0 ? 0 : counted - NOON
  }

  it.each([
    [
      'from when it says',
      [
        ['a', 0, 0],
        ['a', 20, 20],
      ],
      20,
    ],
    [
      'no longer than its session says that it is down',
      [
        ['a', 0, 0],
        ['a', 20, 0],
        ['a', 21, 1],
      ],
      20,
    ],
    [
      'no longer than another session of the same member says so',
      [
        ['a', 20, 0],
        ['b', 21, 1],
      ],
      20,
    ],
    [
      'not from the future',
      [
        ['a', 0, 0],
        ['a', 20, 200],
      ],
      20,
    ],
    [
      'from the same time on as long as it says the same',
      [
        ['a', 9, 0],
        ['a', 10, 5],
        ['a', 20, 5],
      ],
      9,
    ],
    [
      'from the same time on, whatever a session says that comes later',
      [
        ['a', 10, 10],
        ['b', 15, 0],
        ['a', 20, 10],
      ],
      10,
    ],
    [
      'anew when it was down',
      [
        ['a', 5, 5],
        ['a', 10, 0],
        ['a', 20, 5],
      ],
      10,
    ],
    ['as it says where nothing else is known', [['a', 20, 5]], 5],
    [
      'not at all when it is down',
      [
        ['a', 5, 5],
        ['a', 10, 0],
      ],
      0,
    ],
  ] as const)('BEACON-9 a hand counts %s', async (_name, said, counted) => {
    expect(await handAfter(...said)).toBe(counted)
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

describe('reactions', () => {
  const shown = (beacons: Beacons, now: number) =>
    [...beacons.values()].flatMap(({ reaction }) =>
      reaction && isShown(reaction, now) ? [reaction.kind] : [],
    )
  const heard = async () => mergeBeacon(nobody, await beacon(alice, session('a'), 0), NOON)
  const reacting = (seq: number, k: ReactionKind, ago = 0) =>
    beacon(alice, session('a'), seq, { react: { k, ago } })

  it('BEACON-6 is shown from when it came, and fades on the receiver’s clock', async () => {
    const merged = mergeBeacon(await heard(), await reacting(200_000, 'clap', 4_000), NOON + 2)
    expect(shown(merged, NOON + 2)).toEqual(['clap'])
    expect(shown(merged, NOON + 2 + REACTION_LIFE - 1)).toEqual(['clap'])
    expect(shown(merged, NOON + 2 + REACTION_LIFE)).toEqual([])
  })

  it('BEACON-6 outlives a beacon without it, and is one however often it is told', async () => {
    let merged = mergeBeacon(await heard(), await reacting(1_000, 'heart'), NOON + 1)
    merged = mergeBeacon(merged, await reacting(4_000, 'heart', 3_000), NOON + 4)
    merged = mergeBeacon(merged, await beacon(alice, session('a'), 5_000), NOON + 5)
    expect(shown(merged, NOON + 5)).toEqual(['heart'])
    expect(shown(merged, NOON + 1 + REACTION_LIFE)).toEqual([])
  })

  it('BEACON-6 the next one takes its place, not sooner than people react', async () => {
    const first = mergeBeacon(await heard(), await reacting(1_000, 'heart'), NOON + 1)
    expect(shown(mergeBeacon(first, await reacting(1_500, 'laugh'), NOON + 1), NOON + 1)).toEqual(['heart'])
    const later = mergeBeacon(first, await reacting(2_000, 'laugh'), NOON + 2)
    expect(shown(later, NOON + 2)).toEqual(['laugh'])
    // An older one that a beacon carries after it changes nothing.
    expect(shown(mergeBeacon(later, await reacting(4_000, 'wow', 3_000), NOON + 4), NOON + 4)).toEqual([
      'laugh',
    ])
  })

  it('BEACON-6 that of a session of which nothing was heard may be old', async () => {
    const merged = mergeBeacon(nobody, await reacting(0, 'clap'), NOON)
    expect(shown(merged, NOON)).toEqual([])
    const next = mergeBeacon(merged, await reacting(1_000, 'agree'), NOON + 1)
    expect(shown(next, NOON + 1)).toEqual(['agree'])
  })
})
