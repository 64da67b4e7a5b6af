import { describe, expect, it, vi } from 'vitest'
import { PeerError } from '../../node/errors.ts'
import { Attempt } from '../../web/state/attempt.svelte.ts'

describe('an attempt', () => {
  it('is busy while it runs, and does not run twice', async () => {
    const attempt = new Attempt()
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = attempt.run(() => promise)
    expect(attempt.busy).toBe(true)
    expect(await attempt.run(async () => expect.unreachable())).toBe(false)
    resolve()
    expect(await first).toBe(true)
    expect(attempt.busy).toBe(false)
  })

  it('keeps the code of its failure until it is tried again', async () => {
    const attempt = new Attempt()
    expect(await attempt.run(async () => Promise.reject(new PeerError('room-gone')))).toBe(false)
    expect(attempt.failure).toBe('room-gone')
    await attempt.run(async () => {})
    expect(attempt.failure).toBeUndefined()
  })

  it('reports a defect and calls it internal', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const attempt = new Attempt()
    const defect = new TypeError('x is not a function')
    await attempt.run(() => Promise.reject(defect))
    expect(attempt.failure).toBe('internal')
    expect(report).toHaveBeenCalledWith(defect)
    report.mockRestore()
  })
})
