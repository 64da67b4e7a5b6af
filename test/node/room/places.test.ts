import { describe, expect, test } from 'vitest'
import { readOperation } from '../../../node/gossip/received.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import type { RoomLog } from '../../../node/room/log.ts'
import { createPlaces } from '../../../node/room/places.ts'
import { compareTexts, idOf, type KeyText, keyText, type MemberId } from '../../../protocol/ids.ts'
import type { Beacon } from '../../../protocol/room/beacon.ts'
import type { Level } from '../../../protocol/room/level.ts'
import { bytesOf, NOON } from '../../support/community.ts'
import { microphone } from '../../support/node-peer.ts'
import { settled, verifier } from '../mesh/scene.ts'
import { evening } from './evening.ts'

const member = (name: string): MemberId => idOf(bytesOf(name))
const sessionOf = (name: string): KeyText => keyText(bytesOf(`${name} session`))

/** Of Carol and Dave, the one whose id is lower in bytes leads where their levels are equal. */
const [FIRST, SECOND] = ['Carol', 'Dave'].toSorted((a, b) => Buffer.compare(bytesOf(a), bytesOf(b))) as [
  string,
  string,
]

/** What one of those in a room makes of it: they look once a second. */
function places(as: string, levels: Readonly<Record<string, Level>>) {
  const clock = turnedClock(NOON * 1000)
  const here = new Map<string, KeyText>()
  const goodbyes = new Set<MemberId>()
  let inTouch = true
  let isFull = false
  const state = { levels: new Map(Object.entries(levels).map(([name, level]) => [member(name), level])) }
  const kept = createPlaces({
    me: member(as),
    session: sessionOf(as),
    log: { state } as unknown as RoomLog,
    attendance: {
      here: () =>
        [...here].map(([name, peer]) => ({ m: member(name.split(' ')[0] as string), peer }) as Beacon),
      isFull: () => isFull,
      saidGoodbye: (one) => goodbyes.has(one),
    },
    clock,
    isInTouch: () => inTouch,
  })
  clock.every(1_000, () => kept.look())
  const names = Object.keys(levels)
  const named = (members: Iterable<MemberId>) => {
    const all = new Set(members)
    return names.filter((name) => all.has(member(name)))
  }
  return {
    clock,
    comes: (...who: string[]) => {
      for (const name of who) here.set(name, sessionOf(name))
    },
    goes: (name: string, says?: 'goodbye') => {
      here.delete(name)
      if (says) goodbyes.add(member(name))
    },
    fill: (is: boolean) => {
      isFull = is
    },
    touch: (is: boolean) => {
      inTouch = is
    },
    away: () => named(kept.away),
    due: () => named(kept.due()),
  }
}

/** Alice opened the room; Bob is on its stage. */
function quarrel(as = 'Alice', levels: Readonly<Record<string, Level>> = {}) {
  const room = places(as, { Alice: 100, Bob: 20, ...levels })
  room.comes(...['Alice', 'Bob', ...Object.keys(levels)].filter((name) => name !== as), 'Erin')
  room.clock.turn(5_000)
  return room
}

describe('a place on the stage', () => {
  test('PLACE-1 is kept for a minute for whoever fell silent, and they are shown as away', () => {
    const { clock, comes, goes, away, due } = quarrel()
    expect([away(), due()]).toEqual([[], []])
    goes('Bob')
    clock.turn(1_000)
    expect([away(), due()]).toEqual([['Bob'], []])
    clock.turn(59_000)
    expect([away(), due()]).toEqual([['Bob'], []])
    comes('Bob')
    clock.turn(120_000)
    expect([away(), due()]).toEqual([[], []])
  })

  test('PLACE-2 is free after that', () => {
    const { clock, goes, away, due } = quarrel()
    goes('Bob')
    clock.turn(61_000)
    expect([away(), due()]).toEqual([[], ['Bob']])
  })

  test('PLACE-1 is kept as long for who said goodbye, and they are not shown: they left', () => {
    const { clock, goes, away, due } = quarrel()
    goes('Bob', 'goodbye')
    clock.turn(60_000)
    expect([away(), due()]).toEqual([[], []])
    clock.turn(1_000)
    expect([away(), due()]).toEqual([[], ['Bob']])
  })

  test('PLACE-1 counts anew for who came back in between', () => {
    const { clock, comes, goes, due } = quarrel()
    goes('Bob')
    clock.turn(50_000)
    comes('Bob')
    clock.turn(1_000)
    goes('Bob')
    clock.turn(60_000)
    expect(due()).toEqual([])
    clock.turn(1_000)
    expect(due()).toEqual(['Bob'])
  })

  test.each([60, 80, 90, 100] as const)('PLACE-2 is not what a level of %i is', (level) => {
    const { clock, goes, away, due } = quarrel('Alice', { Dave: level })
    goes('Dave')
    clock.turn(30_000)
    expect(away()).toEqual(['Dave'])
    clock.turn(300_000)
    expect([away(), due()]).toEqual([[], []])
  })
})

describe('whose it is to free a place', () => {
  /** When it is somebody's turn, in seconds after Bob fell silent. */
  function turnOf(
    as: string,
    levels: Readonly<Record<string, Level>>,
    absent: readonly string[] = [],
  ): number | undefined {
    const { clock, goes, due } = quarrel(as, levels)
    for (const name of ['Bob', ...absent]) goes(name)
    for (let seconds = 1; seconds <= 300; seconds++) {
      clock.turn(1_000)
      if (due().length > 0) return seconds - 1
    }
    return undefined
  }

  test('PLACE-2 is that of who leads, and of each further moderator present a beat later', () => {
    const levels = { [FIRST]: 80, [SECOND]: 80, Frank: 60 } as const
    expect(turnOf('Alice', levels)).toBe(60)
    expect(turnOf(FIRST, levels)).toBe(70)
    expect(turnOf(SECOND, levels)).toBe(80)
    expect(turnOf('Frank', levels)).toBe(90)
    expect(turnOf(FIRST, levels, ['Alice'])).toBe(60)
    expect(turnOf('Frank', levels, ['Alice', FIRST, SECOND])).toBe(60)
  })

  test('PLACE-2 is nobody’s who does not moderate', () => {
    expect(turnOf('Dave', { Dave: 20 }, ['Alice'])).toBeUndefined()
    expect(turnOf('Erin', {}, ['Alice'])).toBeUndefined()
  })

  test('PLACE-2 is that of one session of a member at a time: two would make twins', () => {
    const { clock, comes, goes, due } = places('Alice', { Alice: 100, Bob: 20 })
    const other = Array.from({ length: 12 }, (_, i) => `Alice ${i}`)
      .filter((name) => compareTexts(sessionOf(name), sessionOf('Alice')) < 0)
      .slice(0, 3)
    expect(other.length).toBeGreaterThan(0)
    comes('Bob', 'Erin', ...other)
    clock.turn(5_000)
    goes('Bob')
    clock.turn(60_000 + other.length * 10_000)
    expect(due()).toEqual([])
    clock.turn(1_000)
    expect(due()).toEqual(['Bob'])
  })

  test('PLACE-3 is nobody’s who may be away themselves, until a minute after they are back', () => {
    const { clock, goes, touch, due } = quarrel()
    goes('Bob')
    clock.turn(30_000)
    touch(false)
    clock.turn(600_000)
    expect(due()).toEqual([])
    touch(true)
    clock.turn(60_000)
    expect(due()).toEqual([])
    clock.turn(1_000)
    expect(due()).toEqual(['Bob'])
  })

  test('PLACE-3 is nobody’s who hears of nobody: their clock may be wrong', () => {
    const { clock, comes, goes, due } = quarrel()
    for (const name of ['Bob', 'Erin']) goes(name)
    clock.turn(600_000)
    expect(due()).toEqual([])
    comes('Erin')
    clock.turn(61_000)
    expect(due()).toEqual(['Bob'])
  })

  test('PLACE-3 is nobody’s whose list of those present is full', () => {
    const { clock, goes, fill, due } = quarrel()
    fill(true)
    goes('Bob')
    clock.turn(600_000)
    expect(due()).toEqual([])
    fill(false)
    clock.turn(61_000)
    expect(due()).toEqual(['Bob'])
  })

  test('PLACE-3 is nobody’s whose machine slept, until they have looked for a minute', () => {
    const { clock, goes, due } = quarrel()
    goes('Bob')
    clock.turn(50_000)
    clock.set(clock.now() + 600_000)
    clock.turn(60_000)
    expect(due()).toEqual([])
    clock.turn(1_000)
    expect(due()).toEqual(['Bob'])
  })
})

/** How soon everybody says the same after a link is back. Milliseconds. */
const SOON = 5_000

describe('who loses the network on the stage', () => {
  test('PLACE-1 finds their place as they left it, within a minute', async () => {
    const { alice, bob, dave, of, part, heal, turn } = await evening()
    const { member: daveId } = dave.person
    part([dave])
    await turn(45_000)
    expect(of(alice).view.value.people.map(({ member }) => member)).not.toContain(daveId)
    expect(of(alice).view.value.away.map(({ member }) => member)).toEqual([daveId])
    heal()
    await turn(SOON)
    for (const peer of [alice, bob, dave]) {
      expect(of(peer).view.value.people.find(({ member }) => member === daveId)).toMatchObject({
        onStage: true,
      })
      expect(of(peer).view.value.away).toEqual([])
      expect(of(peer).view.value.record).toEqual([])
    }
    expect(of(dave).view.value.missed).toBeUndefined()
  })

  test('PLACE-2 is in the audience after it for everybody, by one operation, and PLACE-4 is told so when they are back', async () => {
    const { peers, alice, dave, of, said, part, heal, turn } = await evening()
    part([dave])
    await turn(90_000)
    expect(of(alice).view.value.away).toEqual([])
    heal()
    await turn(2 * SOON)
    for (const peer of peers) expect(said(peer)).toEqual(said(alice))
    const lowered = { what: 'lower', by: alice.person.member, to: dave.person.member, why: 'away' }
    for (const peer of peers) expect(of(peer).view.value.record).toMatchObject([lowered])
    expect(of(dave).view.value).toMatchObject({ me: { onStage: false }, missed: 'stage', status: 'open' })
    // Never put back without consent: an offer, and an answer.
    await turn(30_000)
    expect(of(dave).view.value.me).toMatchObject({ onStage: false, offered: false })
    await of(alice).offerStage(dave.person.member)
    await turn(1_000)
    expect(of(dave).view.value).toMatchObject({ me: { onStage: false, offered: true }, missed: undefined })
    await of(dave).acceptOffer()
    await turn(1_000)
    expect(of(alice).view.value.people.find(({ member }) => member === dave.person.member)?.onStage).toBe(
      true,
    )
  })

  test('PLACE-2 is taken off with whoever fell silent with them, by one message', async () => {
    const { scene, id, alice, bob, dave, erin, of, said, part, heal, turn } = await evening()
    const { heads = [] } = said(alice)
    part([dave, erin])
    await turn(90_000)
    for (const peer of [alice, bob])
      expect(
        of(peer)
          .view.value.record.map(({ what, by, why, to }) => [what, by, why, to])
          .toSorted(),
      ).toEqual(
        [dave, erin].map(({ person }) => ['lower', alice.person.member, 'away', person.member]).toSorted(),
      )
    const { ops = [] } = bob.rooms.current?.sync(bob.network.peer, { r: id, heads }) ?? {}
    const judging = { verifier, membership: scene.membership }
    const read = await Promise.all(ops.map((bytes) => readOperation(judging, id, bytes)))
    const lowered = read.flatMap((one) => (one.ok && one.value.operation.k === 'lower' ? one.value : []))
    expect(lowered.map(({ operation }) => operation.also?.length)).toEqual([1])
    heal()
    await turn(2 * SOON)
    expect(said(dave)).toEqual(said(alice))
  })

  test('mutes all at once for everybody, and lets them speak again', async () => {
    const { alice, bob, carol, dave, erin, of, said, turn, peers } = await evening()
    const those = [carol, dave, erin].map(({ person }) => person.member)
    await of(alice).muteMembers(those)
    await turn(1_000)
    const muted = (peer: typeof alice) =>
      of(peer)
        .view.value.people.filter(({ mutedByModerator }) => mutedByModerator)
        .map(({ member }) => member)
        .toSorted()
    for (const peer of peers) expect(muted(peer)).toEqual(those.toSorted())
    // Whoever may not mute one of them mutes none.
    await expect(of(bob).unmuteMembers(those)).rejects.toMatchObject({ code: 'not-allowed' })
    expect(muted(bob)).toEqual(those.toSorted())
    await of(alice).unmuteMembers(those)
    await turn(1_000)
    for (const peer of peers) expect([muted(peer), said(peer)]).toEqual([[], said(alice)])
  })

  test('PLACE-2 is taken off by the next when the host is gone too', async () => {
    const { peers, alice, bob, carol, dave, erin, of, part, turn } = await evening()
    part([alice, dave])
    await turn(100_000)
    const { leader } = of(erin).view.value
    expect([bob, carol].map(({ person }) => person.member)).toContain(leader)
    for (const peer of [bob, carol, erin])
      expect(of(peer).view.value.record).toMatchObject([
        { what: 'lower', by: leader, to: dave.person.member, why: 'away' },
      ])
    expect(peers.map((peer) => of(peer).view.value.record.length)).toEqual([0, 1, 1, 0, 1])
  })

  test('PLACE-3 takes nobody off themselves, and PLACE-4 speaks to nobody unawares', async () => {
    const { alice, bob, of, part, heal, turn } = await evening()
    await of(alice).setMicrophone(microphone())
    await of(alice).setMuted(false)
    part([alice])
    alice.relay.set('reconnecting')
    await turn(45_000)
    expect(of(alice).view.value).toMatchObject({ me: { muted: false }, missed: undefined })
    await turn(30_000)
    expect(of(alice).view.value).toMatchObject({ me: { muted: true }, missed: 'microphone' })
    heal()
    alice.relay.set('connected')
    await turn(2 * SOON)
    expect(of(alice).view.value).toMatchObject({ me: { onStage: true, muted: true }, missed: 'microphone' })
    expect(of(bob).view.value.record).toEqual([])
    await of(alice).setMuted(false)
    await settled()
    expect(of(alice).view.value).toMatchObject({ me: { muted: false }, missed: undefined })
  })

  test('PLACE-4 has a closed microphone on a machine that slept', async () => {
    const { scene, alice, of, turn } = await evening()
    await of(alice).setMicrophone(microphone())
    await of(alice).setMuted(false)
    await turn(90_000)
    expect(of(alice).view.value.me.muted).toBe(false)
    scene.clock.set(scene.clock.now() + 121_000)
    await turn(1_000)
    expect(of(alice).view.value).toMatchObject({ me: { muted: true }, missed: 'microphone' })
  })
})
