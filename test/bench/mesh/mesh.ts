/** What a stage costs one of its speakers: a browser that sends its voice to all others, and hears all of them. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { default as library } from 'node-datachannel'
import { platformAead } from '../../../node/crypto/aead.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { sessionSigner } from '../../../node/crypto/session-signer.ts'
import { type Mesh, startMesh } from '../../../node/mesh/mesh.ts'
import type { PeerIdString } from '../../../node/network/network.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { Sealer } from '../../../node/voice/sealer.ts'
import { FIRST_STREAM } from '../../../protocol/audio/voice.ts'
import type { Membership } from '../../../protocol/community/membership.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import type { Page } from '../../support/browsers.ts'
import { launchChromium } from '../../support/browsers-chromium.ts'
import { readWav } from '../../support/hearing-pcm.ts'
import { opusPackets } from '../../support/ogg-opus.ts'
import { servePage } from '../../support/page-server.ts'
import { ALICE, BOB, CAROL, DAVID, ERIN } from '../../support/recordings/recordings.ts'
import { distribution, type Figure, round } from '../figure.ts'
import { type Actor, type Cast, castOf, KEYS, linkTo, ROOM, seedOf } from './cast.ts'
import { type FarConnection, FarConnections } from './far-connections.ts'
import { type BrowserCost, costOf } from './processes.ts'
import { type Wire, Wires } from './wires.ts'

const SPEAKERS = 12
/** Milliseconds of sound in a packet, of a window, and before the first. */
const PACKET = 20
const TICKS = 48 * PACKET
const WINDOW = 10_000
const SETTLE = 5_000
const PATIENCE = 60_000
/** RFC 6464. */
const LOUD = 20

/** What one window had, by second. */
interface Seen {
  readonly processes: ReadonlyMap<string, number>
  readonly threads: ReadonlyMap<string, number>
  /** Milliseconds in the jitter buffer, and what the browser aimed at; and the share of what was played that was made up. */
  readonly waited: number
  readonly wanted: number
  readonly concealed: number
  readonly sealed: number
  readonly opened: number
}

/** @param n windows */
export async function* mesh(
  n: number,
  note: (text: string) => void,
  { speakers = SPEAKERS }: { readonly speakers?: number },
): AsyncGenerator<Figure> {
  const scratch = await mkdtemp(join(tmpdir(), 'palabre-mesh-'))
  const profile = join(scratch, 'profile')
  const verifier = await platformVerifier()
  const cast = await castOf(speakers, verifier)
  const server = await servePage(fileURLToPath(new URL('mesh-page.ts', import.meta.url)))
  // Without a sound card it plays into nothing, block by block: the lab's card takes sound by the half second, and the jitter buffer with it.
  const browser = await launchChromium({
    profile,
    env: { PATH: process.env.PATH ?? '', HOME: scratch, XDG_RUNTIME_DIR: scratch },
    microphone: 'allow',
    language: 'en',
    viewport: { width: 1280, height: 800 },
  })
  const crowd = new Crowd(cast, verifier)
  try {
    const page = await browser.open()
    await page.goto(server.url)
    await page.waitUntil(() => window.meshBench !== undefined, undefined)
    // A browser plays nothing to whoever has pressed nothing.
    await page.press('Enter')
    await crowd.start()
    const { rate, samples } = readWav(ALICE.path)
    const start = { speakers, rate, samples: [...samples] }
    await page.evaluate((it) => window.meshBench.start(it.speakers, it.rate, it.samples), start)
    // What was said before waits: now everybody is there to hear it.
    void crowd.carry(page)
    await page.waitUntil((count) => window.meshBench.state().connected === count, speakers - 1, PATIENCE)
    crowd.speak()
    await page.evaluate(() => window.meshBench.speak())
    await page.waitUntil((count) => window.meshBench.state().verified === count, speakers - 1, PATIENCE)
    await crowd.heard()
    note(`${speakers} speak: ${JSON.stringify(await page.evaluate(() => window.meshBench.state()))}`)
    await delay(SETTLE)
    const seen: Seen[] = []
    while (seen.length < n) {
      const one = await watchWindow(page, profile)
      seen.push(one)
      note(
        `${seen.length}/${n} ${JSON.stringify({ ...one, processes: [...one.processes], threads: undefined })}`,
      )
    }
    const { verified, playing } = await page.evaluate(() => window.meshBench.state())
    if (verified < speakers - 1 || playing < speakers - 1) throw new Error('not all voices were heard')
    yield* told(speakers, seen)
  } finally {
    crowd.stop()
    await browser.close()
    await server.close()
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
    library.cleanup()
  }
}

async function watchWindow(page: Page, profile: string): Promise<Seen> {
  const count = () => page.evaluate(() => window.meshBench.count())
  const before = {
    at: performance.now(),
    cost: costOf(profile),
    counted: await count(),
  }
  await delay(WINDOW)
  const after = {
    at: performance.now(),
    cost: costOf(profile),
    counted: await count(),
  }
  const seconds = (after.at - before.at) / 1000
  const less = (of: keyof BrowserCost) =>
    new Map(
      [...after.cost[of]].map(([name, ms]) => [name, (ms - (before.cost[of].get(name) ?? 0)) / seconds]),
    )
  const emitted = after.counted.emitted - before.counted.emitted
  return {
    processes: less('processes'),
    threads: less('threads'),
    waited: (1000 * (after.counted.waited - before.counted.waited)) / emitted,
    wanted: (1000 * (after.counted.wanted - before.counted.wanted)) / emitted,
    concealed: (after.counted.concealed - before.counted.concealed) / emitted,
    sealed: (after.counted.sent - before.counted.sent) / seconds,
    opened: (after.counted.received - before.counted.received) / seconds,
  }
}

function* told(speakers: number, seen: readonly Seen[]): Generator<Figure> {
  const n = seen.length
  const what = `${speakers} speakers`
  const spread = (of: (one: Seen) => number) => distribution(seen.map(of))
  const middle = (of: (one: Seen) => ReadonlyMap<string, number>) => {
    const names = new Set(seen.flatMap((one) => [...of(one).keys()]))
    const medians = [...names].map((name) => [name, spread((one) => of(one).get(name) ?? 0).p50] as const)
    return Object.fromEntries(medians.filter(([, ms]) => ms >= 1).toSorted(([, a], [, b]) => b - a))
  }
  const renderer = (one: Seen) => one.processes.get('renderer') ?? 0
  const sum = (costs: ReadonlyMap<string, number>) => [...costs.values()].reduce((a, b) => a + b, 0)
  const a = 'processor time in a second'
  const parts = middle(({ threads }) => threads)
  yield { metric: `${a}, the page (renderer), ${what}`, unit: 'ms', n, parts, ...spread(renderer) }
  const worker = (one: Seen) => one.threads.get('DedicatedWorker') ?? 0
  yield { metric: `${a}, of it the worker that seals and opens, ${what}`, unit: 'ms', n, ...spread(worker) }
  const all = middle(({ processes }) => processes)
  yield {
    metric: `${a}, the whole browser, ${what}`,
    unit: 'ms',
    n,
    parts: all,
    ...spread((one) => sum(one.processes)),
  }
  yield { metric: `jitter buffer, ${what}`, unit: 'ms', n, ...spread(({ waited }) => waited) }
  yield {
    metric: `jitter buffer as the browser wants it, ${what}`,
    unit: 'ms',
    n,
    ...spread(({ wanted }) => wanted),
  }
  yield {
    metric: `made up of 1,000 samples played, ${what}`,
    unit: '1',
    n,
    ...spread((one) => 1000 * one.concealed),
  }
  yield {
    metric: `frames sealed in a second, ${what}`,
    unit: '1/s',
    n,
    value: round(spread(({ sealed }) => sealed).p50),
  }
  yield {
    metric: `frames opened in a second, ${what}`,
    unit: '1/s',
    n,
    value: round(spread(({ opened }) => opened).p50),
  }
}

/** All others on the stage, in this process: their signalling is the product's, their connections are the library's, their packets were recorded before. */
class Crowd {
  readonly #cast: Cast
  readonly #verifier: Verifier
  readonly #wires = new Map<PeerIdString, Wires>()
  readonly #speakers: Speaker[] = []
  readonly #stopping = Promise.withResolvers<undefined>()
  #outgoing: Wire[] = []
  #wake: () => void = () => {}
  #isStopped = false
  #stopSpeech: () => void = () => {}

  constructor(cast: Cast, verifier: Verifier) {
    this.#cast = cast
    this.#verifier = verifier
  }

  async start(): Promise<void> {
    const voices = [BOB, CAROL, DAVID, ERIN].map((voice) => opusPackets(voice, PACKET))
    for (const [i, actor] of this.#cast.others.entries()) {
      const wires = new Wires(actor.key, (wire) => {
        this.#outgoing.push(wire)
        this.#wake()
      })
      this.#wires.set(wires.peer, wires)
      const packets = voices[i % voices.length] as readonly Uint8Array[]
      const { membership, alice } = this.#cast
      this.#speakers.push(
        await Speaker.begin({
          actor,
          alice,
          wires,
          membership,
          verifier: this.#verifier,
          packets,
          skip: 37 * i,
        }),
      )
    }
  }

  /** Carries the signalling until the end. */
  async carry(page: Page): Promise<void> {
    await Promise.all([this.#fromPage(page), this.#toPage(page)])
  }

  speak(): void {
    const begun = performance.now()
    let sent = 0
    const timer = setInterval(() => {
      for (; sent * PACKET < performance.now() - begun; sent++)
        for (const speaker of this.#speakers) speaker.say(sent)
    }, 2)
    this.#stopSpeech = () => clearInterval(timer)
  }

  /** Resolves when everybody has heard of the page. */
  async heard(): Promise<void> {
    while (this.#speakers.some(({ received }) => received === 0)) await delay(20)
  }

  stop(): void {
    this.#isStopped = true
    this.#stopSpeech()
    this.#wake()
    this.#stopping.resolve(undefined)
    for (const speaker of this.#speakers) speaker.stop()
  }

  async #fromPage(page: Page): Promise<void> {
    while (!this.#isStopped) {
      const wires = await Promise.race([
        this.#stopping.promise,
        page
          .evaluate(() => window.meshBench.next())
          .catch((error: unknown) => {
            if (!this.#isStopped) throw error
            return undefined
          }),
      ])
      for (const wire of wires ?? []) this.#wires.get(wire.to)?.take(wire)
    }
  }

  async #toPage(page: Page): Promise<void> {
    while (!this.#isStopped) {
      const wires = this.#outgoing.splice(0)
      if (wires.length > 0) await page.evaluate((taken) => window.meshBench.take(taken), wires)
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}

interface SpeakerOptions {
  readonly actor: Actor
  readonly alice: Actor
  readonly wires: Wires
  readonly membership: Membership
  readonly verifier: Verifier
  readonly packets: readonly Uint8Array[]
  /** Packets of the recording that this one is ahead. */
  readonly skip: number
}

class Speaker {
  readonly #mesh: Mesh
  readonly #connections: FarConnections
  readonly #sealer: Sealer
  readonly #options: SpeakerOptions
  #last: Promise<void> = Promise.resolve()

  private constructor(options: SpeakerOptions, started: Mesh, connections: FarConnections, sealer: Sealer) {
    this.#options = options
    this.#mesh = started
    this.#connections = connections
    this.#sealer = sealer
  }

  static async begin(options: SpeakerOptions): Promise<Speaker> {
    const { actor, alice, wires, membership, verifier } = options
    const connections = new FarConnections()
    const { member, device } = actor.person
    const started = await startMesh(ROOM, {
      network: wires,
      connections,
      clock: systemClock,
      verifier,
      membership: () => membership,
      me: { member, device, peer: actor.key },
      report: (where, error) => console.error(where, error),
    })
    const signer = await sessionSigner(seedOf(actor.name))
    const voice = { room: ROOM, speaker: actor.key, kind: 'mesh' as const, stream: FIRST_STREAM }
    const now = () => performance.now()
    const sealer = new Sealer({ voice, signer, aead: platformAead, now, secret: () => KEYS.speak })
    // Any track: it stands for one, and is not looked at.
    started.setMicrophone({ kind: 'audio' } as MediaStreamTrack)
    started.update([linkTo(alice, true)])
    return new Speaker(options, started, connections, sealer)
  }

  get #connection(): FarConnection | undefined {
    return this.#connections.made.at(-1)
  }

  get received(): number {
    return this.#connection?.received ?? 0
  }

  say(number: number): void {
    const { packets, skip } = this.#options
    const opus = packets[(number + skip) % packets.length] as Uint8Array
    this.#last = this.#last.then(async () => {
      const frame = await this.#sealer.seal(opus)
      if (frame !== undefined) this.#connection?.sendPacket(frame, TICKS, LOUD)
    })
  }

  stop(): void {
    void this.#mesh.stop()
  }
}
