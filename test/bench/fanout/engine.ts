/** What is measured: an engine that carries voices to those who listen. */

import type { HeadlessConnection } from '../../../node/headless/audience-connections.ts'
import { type Figure, round } from '../figure.ts'
import { memoryOf } from './cost.ts'
import { Ears } from './ears.ts'
import type { Seen } from './figures.ts'
import { BenchRelay } from './relay.ts'
import { LOUD, QUIET, stamped, watch } from './watch.ts'

/** How long one speaks where several are on the stage. Milliseconds. */
const TURN = 1_700

export interface Engine {
  readonly name: string
  /** So many listeners in all. */
  grow(listeners: number): AsyncGenerator<Figure>
  /** A window with packets of so many bytes every so many milliseconds, and so many on the stage. */
  measure(bytes: number, every: number, stage: number): Promise<Seen>
  stop(): Promise<void>
}

/** @param processes for media */
export async function openRelay(processes: number, note: (text: string) => void) {
  const name = 'relay'
  const relay = await BenchRelay.start(processes, note)
  const ears = new Ears()
  const voices: HeadlessConnection[] = []
  let seats = 0
  const raise = async (count: number) => {
    while (voices.length < count) voices.push((await relay.speaker()).connection)
  }
  await raise(1)
  const pids = async () => [relay.pid, ...(await relay.look()).pids]
  return {
    name,
    ears,
    raise,
    pids,
    async *grow(listeners: number): AsyncGenerator<Figure> {
      const all = await pids()
      const before = memoryOf(all)
      const more = listeners - seats
      const { rate } = await relay.listeners(ears, more)
      seats = listeners
      yield* arrivals(name, more, rate, memoryOf(all) - before)
    },
    async measure(bytes: number, every: number, stage: number): Promise<Seen> {
      return await watch(ears, seats, await pids(), every, (at) => {
        const speaker = Math.floor(at / TURN) % stage
        for (const [i, voice] of voices.slice(0, stage).entries())
          voice.send(stamped(bytes), every, i === speaker ? LOUD : QUIET)
      })
    },
    async stop() {
      for (const voice of voices) voice.close()
      ears.stop()
      relay.stop()
    },
  }
}

export function* arrivals(name: string, listeners: number, rate: number, memory: number): Generator<Figure> {
  yield { metric: `listeners attached, ${name}`, unit: '1/s', n: listeners, value: round(rate) }
  yield {
    metric: `memory of a listener, ${name}`,
    unit: 'kB',
    n: listeners,
    value: round(memory / listeners),
  }
}
