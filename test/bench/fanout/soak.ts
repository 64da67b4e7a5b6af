/** A room that goes on for an hour while listeners come and go: whether memory, handles and delay stay as they are. */

import { setTimeout as delay } from 'node:timers/promises'
import { default as library } from 'node-datachannel'
import type { HeadlessConnection } from '../../../node/headless/audience-connections.ts'
import { distribution, type Figure, round } from '../figure.ts'
import { lineThrough } from '../line.ts'
import { cpuOf, handlesOf, memoryOf } from './cost.ts'
import { type Counts, Ears } from './ears.ts'
import { delaysOf } from './figures.ts'
import { BenchRelay, type Seat } from './relay.ts'
import { LOUD, sendEvery, stamped } from './watch.ts'

/** Who listens at a time, and for how many seconds: one of so many leaves for another every second. */
const LISTENERS = 300
const STAY = 75
/** Milliseconds of a sample, and of sound in a packet. */
const SAMPLE = 15_000
const PACKET = 60
const BYTES = 120

interface Sample {
  readonly minute: number
  readonly counts: Counts
  /** kB: resident, of the door and of the media process, and what the heap of the door holds. */
  readonly door: number
  readonly media: number
  readonly heap: number
  /** Open files of both, and milliseconds of their processor time in the sample. */
  readonly handles: number
  readonly cpu: number
}

export async function* soak(
  _n: number,
  note: (text: string) => void,
  { minutes = 60, listeners = LISTENERS }: { readonly minutes?: number; readonly listeners?: number },
): AsyncGenerator<Figure> {
  const changes = Math.ceil(listeners / STAY)
  const relay = await BenchRelay.start(1, note)
  const ears = new Ears()
  let stop = () => {}
  try {
    const voice = new Voice(relay, note)
    await voice.begin()
    note(`${listeners} listeners come`)
    const { seats } = await relay.listeners(ears, listeners)
    stop = sendEvery(PACKET, () => voice.say())
    const media = (await relay.look()).pids
    const pids = [relay.pid, ...media]
    const begun = performance.now()
    const samples: Sample[] = []
    let [came, lost] = [0, 0]
    const heed = (coming: readonly Seat[]) => {
      for (const { ended } of coming)
        void ended.then((reason) => {
          lost += 1
          note(`a listener was lost: ${reason}`)
        })
    }
    heed(seats)
    await ears.count()
    while (performance.now() - begun < minutes * 60_000) {
      const [cpu, until] = [cpuOf(pids), performance.now() + SAMPLE]
      while (performance.now() < until) {
        await Promise.all([change(relay, ears, seats, changes).then(heed), delay(1000)])
        came += changes
      }
      const sample = {
        minute: round((performance.now() - begun) / 60_000),
        counts: await ears.count(),
        door: memoryOf([relay.pid]),
        media: memoryOf(media),
        heap: (await relay.look()).heap,
        handles: handlesOf(pids),
        cpu: cpuOf(pids) - cpu,
      }
      samples.push(sample)
      yield* told(sample)
    }
    note(`${came} came and went`)
    yield { metric: 'links that were not made in time', unit: '1', n: came, value: relay.failed }
    yield { metric: 'times that the speaker was lost', unit: '1', n: 1, value: voice.lost }
    yield { metric: 'listeners who were lost', unit: '1', n: came, value: lost }
    yield* flat(samples)
  } finally {
    stop()
    ears.stop()
    relay.stop()
    library.cleanup()
  }
}

/** Those who have listened longest leave, and as many come. */
async function change(
  relay: BenchRelay,
  ears: Ears,
  seats: Seat[],
  changes: number,
): Promise<readonly Seat[]> {
  for (const seat of seats.splice(0, changes)) seat.leave()
  const { seats: coming } = await relay.listeners(ears, changes)
  seats.push(...coming)
  return coming
}

/** Who speaks comes again when they were lost, as an app does. */
class Voice {
  readonly #relay: BenchRelay
  readonly #note: (text: string) => void
  #connection: HeadlessConnection | undefined
  #lost = 0

  constructor(relay: BenchRelay, note: (text: string) => void) {
    this.#relay = relay
    this.#note = note
  }

  get lost(): number {
    return this.#lost
  }

  async begin(): Promise<void> {
    const { connection, ended } = await this.#relay.speaker()
    this.#connection = connection
    void ended.then(async (reason) => {
      this.#lost += 1
      this.#note(`the speaker was lost: ${reason}`)
      await this.begin()
    })
  }

  say(): void {
    this.#connection?.send(stamped(BYTES), PACKET, LOUD)
  }
}

function* told({ minute, counts, door, media, heap, handles, cpu }: Sample): Generator<Figure> {
  const at = `minute ${minute}`
  if (counts.packets > 0)
    yield { metric: `added delay, ${at}`, unit: 'ms', n: counts.packets, ...delaysOf([counts]) }
  yield { metric: `packets lost, ${at}`, unit: '1', n: counts.packets, value: counts.lost }
  const parts = { media, door, 'heap of the door': heap }
  yield { metric: `memory, ${at}`, unit: 'kB', n: 1, value: door + media, parts }
  yield { metric: `open files, ${at}`, unit: '1', n: 1, value: handles }
  yield { metric: `processor time, ${at}`, unit: 'ms', n: 1, value: cpu }
}

/** The last quarter beside the second, and a line through all since: the first is the start of everything. */
function* flat(all: readonly Sample[]): Generator<Figure> {
  const samples = all.filter(({ counts }) => counts.packets > 0)
  const quarter = Math.floor(samples.length / 4)
  if (quarter === 0) return
  const early = samples.slice(quarter, 2 * quarter)
  const late = samples.slice(-quarter)
  const values: readonly (readonly [string, Figure['unit'], (sample: Sample) => number])[] = [
    ['memory', 'kB', ({ door, media }) => door + media],
    ['memory of the media process', 'kB', ({ media }) => media],
    ['memory of the door', 'kB', ({ door }) => door],
    ['heap of the door', 'kB', ({ heap }) => heap],
    ['open files', '1', ({ handles }) => handles],
    ['median of the added delay', 'ms', ({ counts }) => delaysOf([counts]).p50],
  ]
  for (const [what, unit, of] of values) {
    const before = distribution(early.map(of)).p50
    const after = distribution(late.map(of))
    const ratio = Number((after.p50 / before).toPrecision(3))
    const compared = [{ peer: 'the second quarter', value: before, ratio }]
    yield { metric: `${what}, last quarter`, unit, n: quarter, compared, ...after }
    const { slope } = lineThrough(samples.slice(quarter).map((sample) => [sample.minute, of(sample)]))
    yield {
      metric: `${what}, growth in an hour`,
      unit,
      n: samples.length - quarter,
      value: round(60 * slope),
    }
  }
}
