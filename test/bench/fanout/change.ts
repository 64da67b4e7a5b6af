/** What a listener does not hear when they change from one relay to another, and when theirs is killed. */

import { setTimeout as delay } from 'node:timers/promises'
import { default as library } from 'node-datachannel'
import { Carrier, type KnownRelay, type Part } from '../../../node/audience/carrier.ts'
import { MOVE_AFTER_MS } from '../../../node/audience/limits.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { type Clock, systemClock } from '../../../node/ports/clock.ts'
import { keyText } from '../../../protocol/ids.ts'
import {
  connected,
  createScene,
  type Guest,
  ROOM,
  type Scene,
  type SceneRelay,
} from '../../relay/fanout/scene.ts'
import { signerOf } from '../../support/community.ts'
import { PACKET_MS, type PlainConnection, plainEars } from '../../support/plain-ears.ts'
import { distribution, type Figure } from '../figure.ts'
import { directly, type Gap } from './directly.ts'
import { BIND } from './population.ts'
import { sendEvery } from './watch.ts'

/** Of a packet. */
const BYTES = 120
/** As a room does (`node/room/carriage.ts`). */
const LOOK = 250
/** What is heard before and after each change. */
const AROUND = 1_500
const PATIENCE = 30_000
/** Round trips, to the near relay and to the far one. */
const NEAR = 10
const FAR = 200

const verifier = await platformVerifier()

type At = Pick<SceneRelay, 'name' | 'relay' | 'sessions'>

/** @param n changes of each kind */
export async function* change(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const ends: (() => Promise<void>)[] = []
  try {
    const scene = await createScene({ bind: BIND, ending: (end) => ends.push(end) })
    yield* figures('to a nearer relay at which others listen', await moves(scene, n, true, note))
    yield* figures('to a nearer relay at which nobody listened', await moves(scene, n, false, note))
    yield* figures('from a relay that is killed to another', await deaths(scene, n, note))
    yield* figures('from a relay that is killed to the speaker directly', await directly(n, note))
  } finally {
    for (const end of ends.reverse()) await end()
    library.cleanup()
  }
}

function* figures(what: string, changes: readonly Gap[]): Generator<Figure> {
  const n = changes.length
  yield { metric: `pause, ${what}`, unit: 'ms', n, ...distribution(changes.map(({ pause }) => pause)) }
  yield { metric: `sound lost, ${what}`, unit: 'ms', n, ...distribution(changes.map(({ lost }) => lost)) }
}

/** Alice speaks at one relay all the time. Bob goes from that to one that was fed by it, or was not, until he came. */
async function moves(
  scene: Scene,
  n: number,
  isFed: boolean,
  note: (text: string) => void,
): Promise<readonly Gap[]> {
  const changes: Gap[] = []
  const [home, away] = [await scene.another(`home ${isFed}`), await scene.another(`away ${isFed}`)]
  scene.join(home, away)
  const alice = await person(scene, `Alice ${isFed}`, [home], 'speaker')
  const carol = isFed ? (await scene.guest(`Carol ${isFed}`, away)).sit() : undefined
  await carol?.until(connected)
  try {
    for (let i = 0; i < n; i++) {
      // Nobody's clock may be far from the relay's, and a change is not made soon after another.
      const bob = await person(scene, `Bob ${isFed} ${i}`, [home, away], 'listener')
      await bob.isAt(home)
      changes.push(await bob.hears(() => bob.comesTo(away)))
      note(`${i + 1}/${n} ${JSON.stringify(changes.at(-1))}`)
      await bob.stop()
    }
  } finally {
    await Promise.all([alice.stop(), carol?.link.close()])
    await Promise.all([home.vanish(), away.vanish()])
  }
  return changes
}

/** Alice and Bob are at one relay, which is killed; others listen at the one that they turn to. */
async function deaths(scene: Scene, n: number, note: (text: string) => void): Promise<readonly Gap[]> {
  const changes: Gap[] = []
  for (let i = 0; i < n; i++) {
    const [first, second] = [await scene.another(`first ${i}`), await scene.another(`second ${i}`)]
    scene.join(first, second)
    const alice = await person(scene, `Alice ${i}`, [first, second], 'speaker')
    const bob = await person(scene, `Bob ${i}`, [first, second], 'listener')
    const carol = (await scene.guest(`Carol ${i}`, second)).sit()
    await carol.until(connected)
    await bob.isAt(first)
    changes.push(
      await bob.hears(async () => {
        await first.vanish()
        await bob.isAt(second)
      }),
    )
    note(`${i + 1}/${n} ${JSON.stringify(changes.at(-1))}`)
    await Promise.all([alice.stop(), bob.stop(), carol.link.close()])
    await second.vanish()
  }
  return changes
}

interface Somebody {
  /** This relay is the nearer one now, and carries. */
  comesTo(relay: At): Promise<void>
  isAt(relay: At): Promise<void>
  /** What is heard around something that happens. */
  hears(happens: () => Promise<void>): Promise<Gap>
  stop(): Promise<void>
}

/** A peer's own choice among the relays, with real connections and no device for sound. The first relay is the nearest. */
async function person(scene: Scene, name: string, at: readonly At[], part: Part): Promise<Somebody> {
  const guest = await scene.guest(name, at[0])
  if (part === 'speaker') scene.stage.add(guest.person.member)
  for (const each of at.slice(1)) enter(scene, guest, each)
  let [nearest, ahead] = [at[0], 0]
  const clock: Clock = { ...systemClock, now: () => Date.now() + ahead }
  const arrivals: { readonly number: number; readonly at: number }[] = []
  const own = plainEars(BIND, (payload, over) => {
    if (carrier.carrying?.link.connection !== over) return
    arrivals.push({ number: Buffer.from(payload).readUInt32BE(), at: performance.now() })
  })
  const carrier = new Carrier({
    room: ROOM,
    me: {
      member: guest.person.member,
      device: guest.person.device,
      peer: signerOf(`${name} session`).publicKey,
    },
    network: guest.network,
    connections: own,
    relays: () => at.filter(({ relay }) => scene.hub.isLinked(guest.network.peer, relay.peer)).map(known),
    meet() {},
    clock,
    verifier,
    membership: () => scene.membership(),
    onChange() {},
    report() {},
  })
  const known = (each: At): KnownRelay => ({
    name: each.name,
    peer: each.relay.peer,
    key: keyText(each.relay.publicKey),
    roundTrip: each === nearest ? NEAR : FAR,
  })
  const stops = [systemClock.every(LOOK, () => carrier.look())]
  if (part === 'speaker') {
    let number = 0
    stops.push(
      sendEvery(PACKET_MS, () => {
        const payload = Buffer.alloc(BYTES)
        payload.writeUInt32BE(number)
        number += 1
        const carrying = carrier.carrying?.link.connection as PlainConnection | undefined
        carrying?.say(payload)
      }),
    )
  }
  carrier.want(part)
  const isAt = (relay: At) => until(() => carrier.carrying?.relay.key === keyText(relay.relay.publicKey))
  return {
    isAt,
    async comesTo(relay) {
      ahead = MOVE_AFTER_MS
      nearest = relay
      await isAt(relay)
    },
    async hears(happens) {
      const begun = arrivals.length
      await until(() => arrivals.length >= begun + AROUND / PACKET_MS)
      const from = begun + Math.floor(AROUND / PACKET_MS / 2)
      await happens()
      const then = arrivals.length
      await until(() => arrivals.length >= then + AROUND / PACKET_MS)
      return heardIn(arrivals.slice(from))
    },
    async stop() {
      for (const stop of stops) stop()
      await carrier.stop()
    },
  }
}

function heardIn(arrivals: readonly { readonly number: number; readonly at: number }[]): Gap {
  let [newest, at] = [arrivals[0]?.number ?? 0, arrivals[0]?.at ?? 0]
  let pause = 0
  for (const next of arrivals) {
    // What comes once more, over the new relay, is not waited for.
    if (next.number <= newest) continue
    pause = Math.max(pause, next.at - at - PACKET_MS)
    newest = next.number
    at = next.at
  }
  const numbers = new Set(arrivals.map(({ number }) => number))
  const said = Math.max(...numbers) - Math.min(...numbers) + 1
  return { pause: Math.round(pause), lost: (said - numbers.size) * PACKET_MS }
}

function enter(scene: Scene, { network, person }: Guest, { relay, sessions }: At): void {
  scene.hub.link(network.peer, relay.peer)
  const presence = new Uint8Array()
  sessions.enter(network.peer, { kind: 'member', member: person.member, until: 2 ** 40, presence })
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!holds()) {
    if (performance.now() > end) throw new Error('nothing came of it')
    await delay(5)
  }
}
