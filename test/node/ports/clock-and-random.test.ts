import { describe, expect, test } from 'vitest'
import { type Clock, second, systemClock } from '../../../node/ports/clock.ts'
import { type Random, seededRandom, systemRandom } from '../../../node/ports/random.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'

const turned = turnedClock(1_800_000_000_123)

/** Lets time pass: the turned clock is turned, the system's passes by itself. */
const CLOCKS: readonly [string, Clock, () => void][] = [
  ['the system’s', systemClock, () => {}],
  ['the turned', turned, () => turned.turn(50)],
]

describe.each(CLOCKS)('%s clock', (_name, clock, pass) => {
  test('counts whole seconds of its milliseconds', () => {
    const before = Math.floor(clock.now() / 1000)
    expect(second(clock)).toBeGreaterThanOrEqual(before)
    expect(Number.isInteger(second(clock))).toBe(true)
  })

  test('calls back once, and in order', async () => {
    const called: string[] = []
    const done = new Promise<void>((resolve) => {
      clock.after(20, () => {
        called.push('later')
        resolve()
      })
      clock.after(1, () => called.push('sooner'))
    })
    pass()
    await done
    expect(called).toEqual(['sooner', 'later'])
  })

  test('calls back again and again until it is cancelled', async () => {
    let calls = 0
    await new Promise<void>((resolve) => {
      const cancel = clock.every(5, () => {
        calls += 1
        if (calls < 3) return
        cancel()
        resolve()
      })
      pass()
    })
    expect(calls).toBe(3)
  })

  test('never calls back what was cancelled', async () => {
    let called = false
    const cancel = clock.after(1, () => {
      called = true
    })
    cancel()
    const later = new Promise<void>((resolve) => clock.after(10, resolve))
    pass()
    await later
    expect(called).toBe(false)
  })
})

const SOURCES: readonly [string, () => Random][] = [
  ['the system’s', () => systemRandom],
  ['a seeded', () => seededRandom(new Uint8Array([1]))],
]

describe.each(SOURCES)('%s source of randomness', (_name, open) => {
  test('gives as many bytes as asked, and others each time', () => {
    const random = open()
    for (const length of [0, 1, 31, 32, 33, 1000]) expect(random.bytes(length)).toHaveLength(length)
    expect(random.bytes(32)).not.toEqual(random.bytes(32))
  })
})

describe('a seeded source of randomness', () => {
  test('gives the same for the same seed, in whatever portions, and other bytes for another', () => {
    const whole = seededRandom(new Uint8Array([1])).bytes(100)
    const random = seededRandom(new Uint8Array([1]))
    const portions = [7, 40, 53].flatMap((length) => [...random.bytes(length)])
    expect(portions).toEqual([...whole])
    expect(seededRandom(new Uint8Array([2])).bytes(100)).not.toEqual(whole)
  })
})
