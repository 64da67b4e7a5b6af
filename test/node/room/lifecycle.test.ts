import { describe, expect, test } from 'vitest'
import {
  isInside,
  type Lifecycle,
  type LifecycleEvent,
  next,
  statusOf,
} from '../../../node/room/lifecycle.ts'

const EVENTS = {
  known: { is: 'known' },
  answered: { is: 'answered' },
  deserted: { is: 'deserted' },
  'judged in': { is: 'judged', ended: false, out: false },
  'judged out': { is: 'judged', ended: false, out: true },
  'judged over': { is: 'judged', ended: true, out: false },
  'judged over and out': { is: 'judged', ended: true, out: true },
  leave: { is: 'leave' },
} as const satisfies Record<string, LifecycleEvent>

type EventName = keyof typeof EVENTS

const judged = {
  'judged out': 'out',
  'judged over': 'ended',
  'judged over and out': 'ended',
} as const

/** Where each event leads from each state; what is not named leads nowhere. */
const LEADS: Record<Lifecycle, Partial<Record<EventName, Lifecycle>>> = {
  joining: { known: 'alone', answered: 'open', ...judged, leave: 'left' },
  alone: { answered: 'open', ...judged, leave: 'left' },
  open: { deserted: 'alone', ...judged, leave: 'left' },
  out: { answered: 'open', ...judged, 'judged in': 'alone', leave: 'left' },
  ended: { ...judged, 'judged in': 'alone', leave: 'left' },
  left: {},
}

const STATES = Object.keys(LEADS) as Lifecycle[]

describe('the lifecycle of a session in a room', () => {
  test.each(
    STATES.flatMap((from) =>
      (Object.keys(EVENTS) as EventName[]).map((name) => [from, name, LEADS[from][name] ?? from] as const),
    ),
  )('%s, when %s: %s', (from, name, to) => {
    expect(next(from, EVENTS[name])).toBe(to)
  })

  test('every state can be reached, and from each but the last one leaves', () => {
    const reached = new Set<Lifecycle>(['joining'])
    for (const state of reached) for (const event of Object.values(EVENTS)) reached.add(next(state, event))
    expect([...reached].toSorted()).toEqual(STATES.toSorted())
  })

  test('who is in a room alone is told that they are in it', () => {
    expect(STATES.map(statusOf)).toEqual(['joining', 'open', 'open', 'out', 'ended', 'left'])
    expect(STATES.filter(isInside)).toEqual(['alone', 'open'])
  })
})
