/** How a relay's cost grows with those who listen, and what follows for more of them than one machine bears. */

import { default as library } from 'node-datachannel'
import { distribution, type Figure, round } from '../figure.ts'
import { type Line, lineThrough } from '../line.ts'
import { memoryOf } from './cost.ts'
import { openRelay } from './engine.ts'
import { delaysOf, fate } from './figures.ts'

const LISTENERS = [100, 500, 1_000, 2_000] as const
/** A packet of 60 ms of speech, about, as an audience is sent it. Bytes, milliseconds. */
const BYTES = 120
const PACKET = 60
/** Listeners of the model, and the relays that they are spread over, each of which takes the voice once from one before it. */
const AUDIENCE = 8_000
const RELAYS = [2, 4, 8] as const

/** @param n windows with each number of listeners */
export async function* growth(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const relay = await openRelay(1, note)
  const processors: (readonly [listeners: number, busy: number])[] = []
  const memory: (readonly [listeners: number, kB: number])[] = []
  try {
    for (const listeners of LISTENERS) {
      note(`${listeners} listeners at the relay`)
      yield* relay.grow(listeners)
      const name = `relay, ${listeners} listeners`
      const busy: number[] = []
      const seen = []
      for (let i = 0; i < n; i++) {
        const each = await relay.measure(BYTES, PACKET, 1)
        seen.push(each)
        busy.push(each.cpu / each.milliseconds)
        processors.push([listeners, each.cpu / each.milliseconds])
      }
      memory.push([listeners, memoryOf(await relay.pids())])
      yield { metric: `processors busy, ${name}`, unit: '1', n, ...distribution(busy) }
      yield* fate(name, seen)
      note(`${listeners}: ${round(distribution(busy).p50)} processors, ${delaysOf(seen).p99} ms`)
    }
  } finally {
    await relay.stop()
    library.cleanup()
  }
  yield* modelled(n, lineThrough(processors), lineThrough(memory))
}

/** Nothing of this was measured but the two lines. */
function* modelled(n: number, busy: Line, memory: Line): Generator<Figure> {
  const lines: readonly (readonly [string, '1' | 'kB', Line])[] = [
    ['processors busy', '1', busy],
    ['memory', 'kB', memory],
  ]
  for (const [what, unit, { base, slope }] of lines) {
    yield { metric: `${what}, of a relay without listeners (line)`, unit, n, value: round(base) }
    yield { metric: `${what}, of 1,000 listeners more (line)`, unit, n, value: round(1_000 * slope) }
  }
  for (const relays of RELAYS) {
    // Each relay but the first is a listener of another.
    const listeners = AUDIENCE / relays + (relays - 1) / relays
    for (const [what, unit, { base, slope }] of lines) {
      yield {
        metric: `model, ${AUDIENCE} listeners over ${relays} relays: ${what} of each relay`,
        unit,
        n,
        value: round(base + slope * listeners),
      }
    }
  }
}
