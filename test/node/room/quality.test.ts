import { expect, test } from 'vitest'
import type { LinkView, Mesh } from '../../../node/mesh/mesh.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { Observed } from '../../../node/observed.ts'
import type { Traffic } from '../../../node/ports/traffic.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { QualityMeter } from '../../../node/room/quality.ts'
import { watchRoads } from '../../../node/room/roads.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import { idOf } from '../../../protocol/ids.ts'
import { bytesOf, signerOf } from '../../support/community.ts'

const counted = (received: number, lost: number): Traffic => ({
  roundTrip: 41.6,
  jitter: 3.2,
  received,
  lost,
})

function meter(): (received: number, lost: number) => number | undefined {
  const made = new QualityMeter<'road'>()
  return (received, lost) => made.read(new Map([['road', counted(received, lost)]])).get('road')?.lost
}

test('what was lost is counted from one look to the next, not from the beginning', () => {
  const lost = meter()
  expect(lost(1_000, 500)).toBeUndefined()
  expect(lost(1_240, 510)).toBe(0.04)
  expect(lost(1_490, 510)).toBe(0)
})

test('a few packets are no measure: they count with those that follow', () => {
  const lost = meter()
  lost(0, 0)
  expect(lost(5, 5)).toBeUndefined()
  expect(lost(95, 5)).toBe(0.05)
  expect(lost(99, 6)).toBe(0.05)
})

test('nothing is said of losses while nobody speaks', () => {
  const lost = meter()
  lost(0, 0)
  expect(lost(90, 10)).toBe(0.1)
  expect(lost(90, 10)).toBeUndefined()
})

test('packets that come late take nothing below zero', () => {
  const lost = meter()
  lost(0, 20)
  expect(lost(100, 10)).toBe(0)
})

test('a link that is made anew counts from its own beginning', () => {
  const lost = meter()
  lost(0, 0)
  expect(lost(1_000, 0)).toBe(0)
  expect(lost(10, 0)).toBe(0)
  expect(lost(90, 20)).toBe(0.2)
})

test('nothing is remembered of a road that is no more', () => {
  const made = new QualityMeter<string>()
  made.read(new Map([['a', counted(0, 0)]]))
  made.read(new Map([['b', counted(0, 0)]]))
  expect(made.read(new Map([['a', counted(100, 0)]])).get('a')).toEqual({
    roundTrip: 42,
    jitter: 3,
    lost: undefined,
  })
})

const BOB = idOf<MemberId>(bytesOf('Bob'))
const [laptop, phone] = ['Bob laptop', 'Bob phone'].map((name) => peerIdOf(signerOf(name).publicKey)) as [
  LinkView['peer'],
  LinkView['peer'],
]

function roads(traffic: Mesh['traffic'], carried: Traffic | undefined, reports: string[] = []) {
  const links = new Observed<readonly LinkView[]>(
    [laptop, phone].map((peer) => {
      return { peer, member: BOB, state: 'connected', reason: undefined, stream: undefined, check: undefined }
    }),
  )
  const clock = turnedClock(0)
  const carriage = { traffic: () => carried && Promise.resolve(carried) }
  const watch = watchRoads({ links, traffic }, carriage, clock, (where) => reports.push(where))
  const turn = async () => {
    clock.turn(5_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { watch, turn }
}

test('of two sessions of one member that counts over which a voice comes', async () => {
  let received = 0
  const { watch, turn } = roads(async () => {
    received += 100
    return new Map([
      [laptop, counted(0, 0)],
      [phone, { ...counted(received, 0), roundTrip: 80 }],
    ])
  }, undefined)
  await turn()
  await turn()
  expect([...watch.roads.value.members]).toEqual([[BOB, { roundTrip: 80, jitter: 3, lost: 0 }]])
  expect(watch.roads.value.relay).toBeUndefined()
})

test('the road to the relay is told while there is one, and nobody is called where nothing is another', async () => {
  const { watch, turn } = roads(async () => new Map(), counted(0, 0))
  let calls = 0
  watch.roads.subscribe(() => {
    calls += 1
  })
  await turn()
  const before = calls
  await turn()
  expect(watch.roads.value.relay).toEqual({ roundTrip: 42, jitter: 3, lost: undefined })
  expect(calls).toBe(before)
})

test('a platform that does not count is reported, and asked again', async () => {
  const reports: string[] = []
  let asked = 0
  const { turn } = roads(
    async () => {
      asked += 1
      throw new Error('no statistics')
    },
    undefined,
    reports,
  )
  await turn()
  await turn()
  expect([asked, reports]).toEqual([2, ['how good the links are', 'how good the links are']])
})

test('nothing is asked after the end', async () => {
  let asked = 0
  const { watch, turn } = roads(async () => {
    asked += 1
    return new Map()
  }, undefined)
  watch.stop()
  await turn()
  expect(asked).toBe(0)
})
