/** What listeners do not hear when the only relay of their room is killed, and their speaker's voice comes directly. */

import { setTimeout as delay } from 'node:timers/promises'
import { packetStreamOf, type VoiceWay } from '../../../node/headless/packet-stream.ts'
import { PacketTrack } from '../../../node/headless/packet-track.ts'
import { play } from '../../../node/headless/player.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import type { Peer, RoomSession } from '../../../node/view.ts'
import { found, join, joinListed, newDevice } from '../../support/node-peer.ts'
import { opusPackets } from '../../support/ogg-opus.ts'
import { ALICE } from '../../support/recordings/recordings.ts'
import { type RelayProcess, startRelayProcess } from '../../support/relay-process.ts'

/** With the speaker one more than are linked from each to each. */
const LISTENERS = 8
const TITLE = 'A story'
const FLAGS = ['--media-processes', '1']
/** What is heard before and after, in milliseconds. */
const AROUND = 1_500
const PATIENCE = 60_000

/** Milliseconds. */
export interface Gap {
  /** The longest wait from one packet to the next, beyond the time between two. */
  readonly pause: number
  /** Sound that was said and not heard. */
  readonly lost: number
}

/** Packets of the speaker's voice as they are played, since `begin`. */
class Ear {
  readonly #heard: { readonly at: number; readonly milliseconds: number; readonly way: VoiceWay }[] = []
  #ends: readonly (() => void)[] = []

  constructor({ voices }: RoomSession) {
    voices.subscribe((streams) => {
      for (const end of this.#ends) end()
      this.#ends = streams.map(({ stream }) => {
        const packets = packetStreamOf(stream)
        return packets.subscribe(({ milliseconds }) =>
          this.#heard.push({ at: performance.now(), milliseconds, way: packets.way }),
        )
      })
    })
  }

  begin(): void {
    this.#heard.length = 0
  }

  /** Sound that came so, in milliseconds. */
  sound(way: VoiceWay): number {
    return this.#heard.reduce((sum, each) => sum + (each.way === way ? each.milliseconds : 0), 0)
  }

  gap(): Gap {
    const [first, ...more] = this.#heard
    if (first === undefined) throw new Error('nothing was heard')
    let [before, pause, sound] = [first, 0, 0]
    for (const each of more) {
      pause = Math.max(pause, each.at - before.at - each.milliseconds)
      sound += each.milliseconds
      before = each
    }
    return { pause: Math.round(pause), lost: Math.max(0, Math.round(before.at - first.at - sound)) }
  }
}

/** @param n times that the relay is killed; each is heard by eight */
export async function directly(n: number, note: (text: string) => void): Promise<readonly Gap[]> {
  const relay = await startRelayProcess(FLAGS)
  const ending = new AbortController()
  const peers: Peer[] = []
  let speaking: Promise<void> | undefined
  try {
    const device = () => newDevice({ sounds() {} })
    const host = await found((await device()).open(relay.origin), relay.foundingLink ?? '', 'Speaker')
    peers.push(host)
    for (let i = 0; i < LISTENERS; i++) {
      const { link } = await host.invite()
      peers.push(await join((await device()).open(relay.origin), link, `Listener ${i}`))
    }
    const own = await host.openRoom({ title: TITLE, topics: [], language: 'en', counts: false })
    const ears: Ear[] = []
    for (const peer of peers.slice(1)) ears.push(new Ear(await joinListed(peer, TITLE)))
    const track = new PacketTrack()
    await own.setMicrophone(track.asMicrophone())
    await own.setMuted(false)
    own.setSpeaking(true)
    speaking = tell(track, ending.signal)
    return await kills(n, relay, ears, note)
  } finally {
    ending.abort()
    await speaking
    await Promise.all(peers.map((peer) => peer.stop()))
    await relay.close()
  }
}

async function tell(track: PacketTrack, signal: AbortSignal): Promise<void> {
  const packets = opusPackets(ALICE)
  while (!signal.aborted) await play(packets, track, systemClock, signal)
}

async function kills(
  n: number,
  relay: RelayProcess,
  ears: readonly Ear[],
  note: (text: string) => void,
): Promise<readonly Gap[]> {
  const gaps: Gap[] = []
  const hears = (way: VoiceWay) => until(() => ears.every((ear) => ear.sound(way) >= AROUND))
  for (let i = 0; i < n; i++) {
    for (const ear of ears) ear.begin()
    await hears('relay')
    // What came otherwise before is no part of it.
    for (const ear of ears) ear.begin()
    await hears('relay')
    await relay.kill()
    await hears('direct')
    const heard = ears.map((ear) => ear.gap())
    gaps.push(...heard)
    note(`${i + 1}/${n} ${JSON.stringify(heard)}`)
    await relay.restart(FLAGS)
  }
  return gaps
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!holds()) {
    if (performance.now() > end) throw new Error('nothing came of it')
    await delay(20)
  }
}
