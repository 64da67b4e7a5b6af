/** What it costs a relay to carry a voice to many, beside Debian's Janus. */

import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { default as library } from 'node-datachannel'
import { against, distribution, type Figure } from '../figure.ts'
import { ownAddress } from '../own-address.ts'
import { cpuOf, memoryOf } from './cost.ts'
import { Ears } from './ears.ts'
import { arrivals, type Engine, openRelay } from './engine.ts'
import { carried, delaysOf, delivered, fate, perThousand, type Seen } from './figures.ts'
import { type JanusPlugin, startJanus } from './janus.ts'
import { stamped, watch } from './watch.ts'

/** Listeners of each engine where engines are compared, and of the relay alone as it grows. */
const LISTENERS = 200
const GROWTH = [500, 1_000, 2_000] as const
/** Listeners of a stage of several: it is the cost of who listens that is asked for, not of ten who are heard by a handful. */
const STAGE_LISTENERS = 1_000
/** Bytes: SFrame's least, as of silence, and a packet of 60 ms of speech, about. */
const PAYLOADS = [24, 120] as const
/** Who is on the stage; one of them speaks at a time, in turns. */
const STAGES = [3, 10] as const
/** Milliseconds of sound in a packet that the relay asks speakers to an audience for, and that browsers send otherwise. */
const LONG = 60
const SHORT = 20

/** LiveKit's own benchmark: listeners of one room with ten speakers that one busy core bears. */
const LIVEKIT = 234

/** Janus in the three ways that it is measured in. */
const PEERS: readonly { readonly name: string; readonly plugin: JanusPlugin; readonly loops: number }[] = [
  { name: 'Janus streaming, as installed', plugin: 'streaming', loops: 0 },
  { name: 'Janus streaming, one event loop', plugin: 'streaming', loops: 1 },
  { name: 'Janus VideoRoom, as installed', plugin: 'videoroom', loops: 0 },
]

/** @param n windows of each kind, which take turns @param listeners of the relay, without the peers, when it is more than none */
export function fanout(
  n: number,
  note: (text: string) => void,
  { listeners }: { readonly listeners?: number },
): AsyncGenerator<Figure> {
  return listeners === undefined ? compare(n, note) : carry(n, note, listeners)
}

async function* compare(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const engines: Engine[] = []
  try {
    const relay = await openRelay(1, note)
    engines.push(relay)
    for (const { name, plugin, loops } of PEERS) engines.push(await openJanus(name, plugin, loops))
    for (const engine of engines) {
      note(`${LISTENERS} listeners come to ${engine.name}`)
      yield* engine.grow(LISTENERS)
    }
    for (const bytes of PAYLOADS) {
      const seen = new Map<Engine, Seen[]>(engines.map((engine) => [engine, []]))
      const wide: Seen[] = []
      for (let i = 0; i < n; i++) {
        note(`${bytes} bytes, round ${i + 1} of ${n}`)
        for (const engine of engines) seen.get(engine)?.push(await engine.measure(bytes, SHORT, 1))
        wide.push(await relay.measure(bytes, LONG, 1))
      }
      const peers = [...seen].filter(([engine]) => engine !== relay)
      for (const [{ name }, each] of peers) yield* cost(name, bytes, SHORT, each)
      yield* cost(relay.name, bytes, SHORT, seen.get(relay) ?? [], peers, perThousand)
      yield* cost('relay as it is for an audience', bytes, LONG, wide, peers, carried)
    }
    for (const engine of engines.splice(1)) await engine.stop()
    for (const listeners of GROWTH) {
      note(`${listeners} listeners at the relay`)
      yield* relay.grow(listeners)
      const seen: Seen[] = []
      for (let i = 0; i < n; i++) seen.push(await relay.measure(PAYLOADS[1], LONG, 1))
      yield* cost(`relay, ${listeners} listeners`, PAYLOADS[1], LONG, seen)
      if (listeners !== STAGE_LISTENERS) continue
      for (const stage of STAGES) yield* staged(relay, stage, n, note)
    }
  } finally {
    await Promise.all(engines.map((engine) => engine.stop()))
    // The library's threads would keep this process alive.
    library.cleanup()
  }
}

/** With so many on the stage, of whom one speaks at a time. */
async function* staged(
  relay: Engine & { raise(count: number): Promise<void> },
  stage: number,
  n: number,
  note: (text: string) => void,
): AsyncGenerator<Figure> {
  note(`${stage} on the stage`)
  await relay.raise(stage)
  const seen: Seen[] = []
  for (let i = 0; i < n; i++) seen.push(await relay.measure(PAYLOADS[1], LONG, stage))
  const name = `relay as it is for an audience, ${stage} on the stage, one speaks`
  const rates = distribution(seen.map(carried), 'more')
  const compared = stage === 10 ? [against({ peer: 'LiveKit, published' }, LIVEKIT, rates.p50)] : []
  yield { metric: `listeners carried by a processor, ${name}`, unit: '1/s', n, compared, ...rates }
  yield* fate(name, seen)
}

/** As many as one asks for, with a media process for each processor as a relay has them. */
async function* carry(n: number, note: (text: string) => void, listeners: number): AsyncGenerator<Figure> {
  const relay = await openRelay(availableParallelism(), note)
  try {
    note(`${listeners} listeners come to the relay`)
    yield* relay.grow(listeners)
    const seen: Seen[] = []
    const beside: number[] = []
    for (let i = 0; i < n; i++) {
      note(`round ${i + 1} of ${n}`)
      const before = cpuOf([relay.ears.pid])
      const each = await relay.measure(PAYLOADS[1], LONG, 1)
      seen.push(each)
      beside.push((cpuOf([relay.ears.pid]) - before) / each.milliseconds)
    }
    const name = `relay, ${listeners} listeners`
    const processors = distribution(seen.map(({ cpu, milliseconds }) => cpu / milliseconds))
    yield { metric: `processors busy, ${name}`, unit: '1', n, ...processors }
    yield { metric: `processors busy, those who listen, ${name}`, unit: '1', n, ...distribution(beside) }
    yield* cost(name, PAYLOADS[1], LONG, seen)
    const { p99 } = delaysOf(seen)
    const compared = [against({ limit: 'of the project' }, 60, p99)]
    yield { metric: `added delay, 99 of 100 packets, ${name}`, unit: 'ms', n, compared, value: p99 }
  } finally {
    await relay.stop()
    library.cleanup()
  }
}

/** @param by in what it is held against the peers */
function* cost(
  name: string,
  bytes: number,
  every: number,
  seen: readonly Seen[],
  peers: readonly (readonly [Engine, readonly Seen[]])[] = [],
  by: (seen: Seen) => number = perThousand,
): Generator<Figure> {
  const n = seen.length
  const what = `${name}, packets of ${bytes} bytes every ${every} ms`
  const held = (better: 'less' | 'more', own: number) =>
    peers.map(([peer, each]) => against({ peer: peer.name }, distribution(each.map(by), better).p50, own))
  const each = distribution(seen.map(perThousand))
  yield {
    metric: `processor time for 1,000 packets, ${what}`,
    unit: 'ms',
    n,
    ...(by === perThousand && { compared: held('less', each.p50) }),
    ...each,
  }
  yield {
    metric: `packets of a processor, ${what}`,
    unit: '1/s',
    n,
    ...distribution(seen.map(delivered), 'more'),
  }
  const rates = distribution(seen.map(carried), 'more')
  yield {
    metric: `listeners carried by a processor, ${what}`,
    unit: '1/s',
    n,
    ...(by === carried && { compared: held('more', rates.p50) }),
    ...rates,
  }
  yield* fate(what, seen)
}

async function openJanus(name: string, plugin: JanusPlugin, eventLoops: number): Promise<Engine> {
  // Janus does not look at the loopback.
  const bind = ownAddress()
  const janus = await startJanus(plugin, eventLoops)
  const ears = new Ears()
  return {
    name,
    async *grow(listeners) {
      const before = memoryOf([janus.pid])
      const begun = performance.now()
      let left = listeners
      const come = async () => {
        while (left > 0) {
          left -= 1
          let connected: Promise<void> | undefined
          await janus.watch(async (offer) => {
            const answered = await ears.answer(offer, bind)
            connected = answered.connected
            return answered.sdp
          })
          await connected
        }
      }
      await Promise.all(Array.from({ length: 20 }, come))
      const rate = listeners / ((performance.now() - begun) / 1000)
      yield* arrivals(name, listeners, rate, memoryOf([janus.pid]) - before)
    },
    measure: (bytes, every) =>
      watch(ears, LISTENERS, [janus.pid], every, () => janus.send(stamped(bytes), every)),
    async stop() {
      ears.stop()
      await janus.stop()
      await delay(0)
    },
  }
}
