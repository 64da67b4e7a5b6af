import { describe, expect, it } from 'vitest'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { EARS_EXPIRY_MS, MAX_COUNTED_RELAYS } from '../../../protocol/limits.ts'
import { EarCount } from '../../../relay/fanout/ear-count.ts'
import { HEARING_EVERY_MS, SWEEP_MS } from '../../../relay/fanout/limits.ts'
import { NOON, signerOf } from '../../support/community.ts'

const keyOf = (name: string) => signerOf(name).publicKey
const [FIRST, SECOND, LOST] = [keyOf('first'), keyOf('second'), keyOf('lost')]

describe('how many listen', () => {
  it('CASCADE-6 is not kept up by relays that tell each other of one that is lost', () => {
    const clock = turnedClock(NOON * 1000)
    const first = new EarCount(FIRST, clock)
    const second = new EarCount(SECOND, clock)
    first.take([{ relay: LOST, n: 50, at: 1, age: 0 }], LOST)
    // Each looks at it, and says it, in its own rhythm.
    clock.every(SWEEP_MS, () => [first.total, second.total])
    clock.every(HEARING_EVERY_MS, () => second.take(first.rows(), FIRST))
    clock.turn(HEARING_EVERY_MS / 2)
    clock.every(HEARING_EVERY_MS, () => first.take(second.rows(), SECOND))
    clock.turn(EARS_EXPIRY_MS - HEARING_EVERY_MS / 2 - 1)
    expect([first.total, second.total]).toEqual([50, 50])
    clock.turn(1)
    expect([first.total, second.total]).toEqual([0, 0])
    clock.turn(EARS_EXPIRY_MS)
    expect([first.total, second.total]).toEqual([0, 0])
  })

  it('CASCADE-6 is what a relay says itself, whatever others make up of it, as long as it does', () => {
    const clock = turnedClock(NOON * 1000)
    const count = new EarCount(FIRST, clock)
    const lie = [{ relay: LOST, n: 0, at: Number.MAX_SAFE_INTEGER, age: 0 }]
    count.take(lie, SECOND)
    count.take([{ relay: LOST, n: 50, at: 1, age: 0 }], LOST)
    expect(count.total).toBe(50)
    count.take(lie, SECOND)
    expect(count.total).toBe(50)
    count.take([{ relay: LOST, n: 60, at: 2, age: 0 }], LOST)
    count.take([{ relay: LOST, n: 50, at: 1, age: 0 }], LOST)
    expect(count.total).toBe(60)
    clock.turn(EARS_EXPIRY_MS)
    count.take([{ relay: LOST, n: 7, at: 3, age: 0 }], SECOND)
    count.take([{ relay: FIRST, n: 9, at: 3, age: 0 }], SECOND)
    expect(count.total).toBe(7)
  })

  it('CASCADE-6 is of so many relays at most', () => {
    const count = new EarCount(FIRST, turnedClock(NOON * 1000))
    const told = Array.from({ length: MAX_COUNTED_RELAYS }, (_, i) => keyOf(`made up ${i}`))
    count.take(
      told.map((relay) => ({ relay, n: 1, at: 1, age: 0 })),
      SECOND,
    )
    expect(count.total).toBe(MAX_COUNTED_RELAYS - 1)
    expect(count.rows()).toHaveLength(MAX_COUNTED_RELAYS)
  })
})
