/** From the click on a room to its first sound over a relay, on roads of two lengths: how many round trips that is. */

import type { Peer } from '../../node/view.ts'
import { MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import { freePort } from '../relay/fanout/free-port.ts'
import type { Page } from '../support/browsers.ts'
import { join, joinListed, newDevice } from '../support/node-peer.ts'
import { plainEars } from '../support/plain-ears.ts'
import { slowRoad } from '../support/slow-road.ts'
import { slowStream } from '../support/slow-stream.ts'
import { at, TESTIDS } from '../support/testids.ts'
import { against, distribution, type Figure } from './figure.ts'
import { comeIn, leave, sitDown } from './guest.ts'
import { openHouse, ROOM } from './host.ts'
import { wait } from './journey.ts'
import { ownAddress } from './own-address.ts'
import { marksOf, untilSounded } from './stopwatch.ts'

/** There and back, in milliseconds. */
const ROADS = [0, 100] as const
/** Invitations: for the one who clicks, and for bodies in the room, with Alice more than are linked from each to each. */
const OTHERS = 10
const WHOLE = 'room clicked -> first sound over a relay'
/** The same for who looked at the list until a link with the relay was held (SPEC FANOUT-6). */
const LOOKED = 'room looked at and clicked -> first sound over a relay'
/** Round trips: the project's limit. */
const GOAL = 3

/** Of a connection: milliseconds since the navigation. */
interface Steps {
  made?: number
  offered?: number
  answered?: number
  /** Roads were checked, and the handshake is over. */
  checked?: number
  connected?: number
  sections: number
}

declare global {
  interface Window {
    __steps: Steps[]
  }
}

/** What the click waits for, one after the other, and in all, in milliseconds. */
type Click = Readonly<Record<(typeof PARTS)[number] | 'whole', number>>

const PARTS = [
  'room clicked -> relay asked',
  'relay asked -> offer made',
  'offer made -> answer taken',
  'answer taken -> road checked',
  'road checked -> handshake over',
  'handshake over -> first sound',
] as const

/** @param n visits of one member on each road, in which they click at once, and as many in which they look first */
export async function* click(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const [from, to] = [ownAddress(), '127.0.0.1']
  const medians: ReadonlyMap<string, number>[] = []
  for (const roundTrip of ROADS) {
    const port = await freePort()
    const road = await slowRoad({ from, to, ports: [port], loss: 0, delay: roundTrip / 2 })
    const flags = ['--media-ports', `${port}-${port}`, '--media-address', from, '--media-processes', '1']
    const host = await openHouse(OTHERS, flags)
    const others: Peer[] = []
    const stream = await slowStream(host.relay.origin, roundTrip / 2)
    const guest = await sitDown()
    await guest.page.addInitScript(`(${install.toString()})()`)
    try {
      for (const [i, link] of host.links.entries()) {
        if (i === 0) continue
        const device = await newDevice({ ears: plainEars('127.0.0.1') })
        const other = await join(device.open(host.relay.origin), link, `Guest ${i}`)
        others.push(other)
        await joinListed(other, ROOM)
      }
      await host.alice.isCarriedBy(host.relay)
      note(`${others.length + 1} are in the room, ${roundTrip} ms`)
      await comeIn(guest.page, (host.links[0] as string).replace(host.relay.origin, stream.origin))
      const clicks: Click[] = []
      const looked: number[] = []
      while (clicks.length < n) {
        const one = await visit(stream.origin, guest.page, false)
        clicks.push(one)
        const { whole } = await visit(stream.origin, guest.page, true)
        looked.push(whole)
        note(`${clicks.length}/${n} ${JSON.stringify(one)}; looked at first: ${whole}`)
      }
      medians.push(yield* told(roundTrip, clicks, looked))
    } finally {
      await guest.close()
      for (const other of others) await other.stop()
      await stream.close()
      await host.close()
      await road.close()
    }
  }
  const [near, far] = medians
  if (near === undefined || far === undefined) return
  for (const name of [...PARTS, WHOLE, LOOKED] as const) {
    const trips = ((far.get(name) ?? 0) - (near.get(name) ?? 0)) / (ROADS[1] - ROADS[0])
    const compared =
      name === WHOLE || name === LOOKED ? [against({ limit: 'of the project' }, GOAL, trips)] : []
    yield { metric: `round trips, ${name}`, unit: '1', n, value: Number(trips.toFixed(1)), compared }
  }
}

function* told(
  roundTrip: number,
  clicks: readonly Click[],
  looked: readonly number[],
): Generator<Figure, ReadonlyMap<string, number>> {
  const medians = new Map<string, number>()
  const of = (name: string, values: readonly number[]): Figure => {
    const spread = distribution(values)
    medians.set(name, spread.p50)
    return { metric: `${name}, ${roundTrip} ms there and back`, unit: 'ms', n: clicks.length, ...spread }
  }
  for (const name of PARTS)
    yield of(
      name,
      clicks.map((each) => each[name]),
    )
  yield of(
    WHOLE,
    clicks.map(({ whole }) => whole),
  )
  yield of(LOOKED, looked)
  return medians
}

/**
 * Somebody who is connected to the relay, and has the list of rooms before them.
 * @param looks they do not click before a link with the relay is held
 */
async function visit(origin: string, page: Page, looks: boolean): Promise<Click> {
  // Otherwise the second would be no page load: all places of the app are one document.
  await page.goto('about:blank')
  await page.goto(origin)
  await page.waitFor(at(TESTIDS.roomItem))
  if (looks) await page.waitUntil(isHeld, MAX_VOICE_SLOTS)
  await page.click(at(TESTIDS.roomItem))
  await untilSounded(page)
  const { pressed, sounded } = await marksOf(page)
  const all = await page.evaluate(() => window.__steps)
  // With a place for each voice that a relay sends; it may have been asked twice.
  const steps = all.find(({ sections, connected }) => sections >= MAX_VOICE_SLOTS && connected !== undefined)
  if (steps === undefined) throw new Error('no relay carried the room')
  const { made, offered, answered, checked, connected } = steps
  const moments = [pressed['room-item'], made, offered, answered, checked, connected, sounded]
  await leave(page)
  const parts = PARTS.map((name, i) => [name, wait(moments[i], moments[i + 1])])
  return { ...Object.fromEntries(parts), whole: wait(pressed['room-item'], sounded) } as Click
}

/** In the page: a connection with a relay stands. */
function isHeld(slots: number): boolean {
  return window.__steps.some(({ sections, connected }) => sections >= slots && connected !== undefined)
}

/** Runs in the page before any of its scripts; may use nothing from outside itself. */
function install(): void {
  const now = () => performance.now()
  window.__steps = []
  const Native = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    readonly #steps: Steps = { made: now(), sections: 0 }

    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      const steps = this.#steps
      window.__steps.push(steps)
      this.addEventListener('iceconnectionstatechange', () => {
        if (this.iceConnectionState === 'connected') steps.checked ??= now()
      })
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') steps.connected ??= now()
      })
    }

    override async setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
      await super.setLocalDescription(description)
      this.#steps.offered ??= now()
      this.#steps.sections = this.getTransceivers().length
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      this.#steps.answered ??= now()
      await super.setRemoteDescription(description)
    }
  }
}
