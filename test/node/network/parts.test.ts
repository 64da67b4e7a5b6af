import { describe, expect, test } from 'vitest'
import { MAX_JUDGED_AT_ONCE, MAX_JUDGED_WAITING } from '../../../node/network/limits.ts'
import { MessageQueue } from '../../../node/network/message-queue.ts'
import { Reputation } from '../../../node/network/reputation.ts'
import { backoff, systemTimer } from '../../../node/network/timer.ts'
import { Turns } from '../../../node/network/turns.ts'
import { until } from '../../../node/network/until.ts'

describe('a message queue', () => {
  test('delivers in order what was pushed before and while somebody reads, then ends', async () => {
    const queue = new MessageQueue<number>(10)
    queue.push(1)
    queue.push(2)
    const read: number[] = []
    const reading = (async () => {
      for await (const item of queue) {
        read.push(item)
        if (item === 2) queueMicrotask(() => queue.push(3))
        if (item === 3) queue.end()
      }
    })()
    await reading
    expect(read).toEqual([1, 2, 3])
    expect(queue.push(4)).toBe(false)
  })

  test('takes no more than its limit, and fails with the first error after what it holds', async () => {
    const queue = new MessageQueue<number>(2)
    expect([queue.push(1), queue.push(2), queue.push(3)]).toEqual([true, true, false])
    queue.end(new Error('first'))
    queue.end(new Error('second'))
    const read: number[] = []
    await expect(async () => {
      for await (const item of queue) read.push(item)
    }).rejects.toThrow('first')
    expect(read).toEqual([1, 2])
  })
})

describe('a reputation', () => {
  test('falls with each reject below what gossipsub tolerates, recovers, and is of one peer', () => {
    let now = 0
    const reputation = new Reputation(() => now)
    for (let i = 0; i < 8; i += 1) reputation.reject('liar')
    expect(reputation.score('liar')).toBe(-80)
    expect(reputation.isSilenced('liar')).toBe(true)
    expect(reputation.score('honest')).toBe(-0)
    now += 60_000
    expect(reputation.score('liar')).toBe(-40)
    expect(reputation.isSilenced('liar')).toBe(false)
    reputation.reject('liar', Infinity)
    now += 240_000
    expect(reputation.isSilenced('liar')).toBe(true)
    now += 600_000
    reputation.reject('other')
    expect(reputation.score('liar')).toBe(-0)
    expect(reputation.score('other')).toBe(-10)
  })
})

describe('turns', () => {
  test('are so many of each peer at a time; more wait in order, up to a bound, and another peer does not', async () => {
    const turns = new Turns()
    for (let i = 0; i < MAX_JUDGED_AT_ONCE; i += 1) expect(await turns.take('flooder')).toBe(true)
    const had: number[] = []
    const waiting = Array.from({ length: MAX_JUDGED_WAITING }, (_, i) =>
      turns.take('flooder').then(() => had.push(i)),
    )
    expect(await turns.take('flooder')).toBe(false)
    expect(await turns.take('honest')).toBe(true)
    expect(turns.waiting).toBe(MAX_JUDGED_WAITING)
    turns.give('flooder')
    await waiting[0]
    expect(had).toEqual([0])
    for (let i = 1; i < MAX_JUDGED_WAITING; i += 1) turns.give('flooder')
    await Promise.all(waiting)
    expect(had).toEqual(had.toSorted((a, b) => a - b))
    expect(turns.waiting).toBe(0)
  })
})

describe('waiting', () => {
  test('grows from half a second to eight, give or take a half', () => {
    const waits = [0, 1, 4, 50].map((failures) => [0, 0.5].map((chance) => backoff(failures, () => chance)))
    expect(waits[0]).toEqual([250, 500])
    expect(waits[1]).toEqual([400, 800])
    expect(waits[2]?.[1]).toBeCloseTo(500 * 1.6 ** 4)
    expect(waits[3]).toEqual([4000, 8000])
  })

  test('ends with its signal', async () => {
    const patience = new AbortController()
    const waiting = [
      systemTimer.delay(60_000, patience.signal),
      until(
        () => false,
        () => () => {},
        patience.signal,
      ),
    ]
    patience.abort(new Error('enough'))
    for (const wait of waiting) await expect(wait).rejects.toThrow('enough')
    await expect(systemTimer.delay(1, patience.signal)).rejects.toThrow('enough')
    await expect(
      until(
        () => true,
        () => () => {},
        patience.signal,
      ),
    ).rejects.toThrow('enough')
  })

  test('until asks on every change and stops watching', async () => {
    let tell = () => {}
    let watching = false
    let value = 0
    const reached = until(
      () => value === 2,
      (changed) => {
        tell = changed
        watching = true
        return () => {
          watching = false
        }
      },
      new AbortController().signal,
    )
    value = 1
    tell()
    expect(watching).toBe(true)
    value = 2
    tell()
    await reached
    expect(watching).toBe(false)
  })
})
