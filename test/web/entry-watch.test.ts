import { beforeEach, expect, test, vi } from 'vitest'
import { watchEntry } from '../../web/state/entry-watch.ts'

/** Somebody is at the list of rooms (SPEC FANOUT-6). */

let said: boolean[]
let page: EventTarget & { hidden: boolean }
let isEntering: boolean
let end: () => void

beforeEach(() => {
  vi.useFakeTimers()
  said = []
  page = Object.assign(new EventTarget(), { hidden: false })
  isEntering = false
  end = watchEntry({ expectEntry: (is) => said.push(is) }, page, () => isEntering)
  return () => {
    end()
    vi.useRealTimers()
  }
})

function sign(name: string): void {
  page.dispatchEvent(new Event(name))
}

test('who looks for a moment is told of, and who passes through is not', () => {
  vi.advanceTimersByTime(299)
  expect(said).toEqual([])
  vi.advanceTimersByTime(1)
  expect(said).toEqual([true])
})

test('what they do is told of at once, and not more than once in a second', () => {
  sign('pointermove')
  sign('keydown')
  vi.advanceTimersByTime(999)
  sign('scroll')
  expect(said).toEqual([true])
  vi.advanceTimersByTime(1)
  sign('focusin')
  expect(said).toEqual([true, true])
})

test('a page that is hidden looks at nothing, and one that is shown again does', () => {
  page.hidden = true
  sign('visibilitychange')
  vi.advanceTimersByTime(5_000)
  sign('pointermove')
  expect(said).toEqual([false])
  page.hidden = false
  sign('visibilitychange')
  expect(said).toEqual([false, true])
})

test('who leaves the list for somewhere else needs nothing any more', () => {
  vi.advanceTimersByTime(300)
  end()
  sign('pointermove')
  expect(said).toEqual([true, false])
})

test('who leaves it for a room keeps what was made ready', () => {
  vi.advanceTimersByTime(300)
  isEntering = true
  end()
  expect(said).toEqual([true])
})
