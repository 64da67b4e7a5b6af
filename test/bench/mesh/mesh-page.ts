/** The page that `mesh.ts` measures: the product's mesh with the browser's own connections and the product's worker, and an element that plays each voice. */

import { platformVerifier } from '../../../node/crypto/native.ts'
import { browserConnections } from '../../../node/mesh/browser-connections.ts'
import { type Mesh, startMesh } from '../../../node/mesh/mesh.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { ALICE, castOf, KEYS, linkTo, ROOM, seedOf } from './cast.ts'
import { type Wire, Wires } from './wires.ts'

/** As often as the product looks at levels. Milliseconds. */
const LEVELS = 150

/** Sums over all links since they began. */
export interface Counted {
  /** Seconds that samples waited in jitter buffers, and should have by what the browser aimed at; and how many left those. */
  readonly waited: number
  readonly wanted: number
  readonly emitted: number
  readonly concealed: number
  readonly received: number
  readonly sent: number
}

export interface MeshBench {
  /** @param samples what Alice says, again and again */
  start(speakers: number, rate: number, samples: readonly number[]): Promise<void>
  /** Alice speaks. */
  speak(): void
  state(): { readonly connected: number; readonly playing: number; readonly verified: number }
  count(): Promise<Counted>
  /** What is to be carried; waits until there is something. */
  next(): Promise<readonly Wire[]>
  take(wires: readonly Wire[]): void
}

declare global {
  interface Window {
    meshBench: MeshBench
  }
}

const connections: RTCPeerConnection[] = []
const Native = RTCPeerConnection
globalThis.RTCPeerConnection = class extends Native {
  constructor(configuration?: RTCConfiguration) {
    super(configuration)
    connections.push(this)
  }
}

const outgoing: Wire[] = []
let wake = () => {}
let wires: Wires | undefined
let mesh: Mesh | undefined
let begin: () => void = () => {}
const players = new Map<string, HTMLAudioElement>()

/** A recording in place of a microphone, which a machine without a sound card has none of. */
async function voiceOf(rate: number, samples: readonly number[]): Promise<MediaStream> {
  const context = new AudioContext()
  await context.resume()
  const buffer = context.createBuffer(1, samples.length, rate)
  buffer.copyToChannel(Float32Array.from(samples), 0)
  const source = new AudioBufferSourceNode(context, { buffer, loop: true })
  const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 })
  source.connect(out)
  source.start()
  return out.stream
}

async function start(speakers: number, rate: number, samples: readonly number[]): Promise<void> {
  const verifier = await platformVerifier()
  const { membership, alice, others } = await castOf(speakers, verifier)
  const microphone = await voiceOf(rate, samples)
  const network = new Wires(alice.key, (wire) => {
    outgoing.push(wire)
    wake()
  })
  wires = network
  const started = await startMesh(ROOM, {
    network,
    connections: browserConnections([])({ room: ROOM, seed: seedOf(ALICE) }),
    clock: systemClock,
    verifier,
    membership: () => membership,
    me: { member: alice.person.member, device: alice.person.device, peer: alice.key },
    report: (where, error) => console.warn(where, error),
  })
  mesh = started
  started.use(KEYS)
  started.links.subscribe((links) => {
    for (const { peer, stream } of links) {
      if (stream === undefined || players.has(peer)) continue
      const player = new Audio()
      player.srcObject = stream
      void player.play()
      players.set(peer, player)
    }
  })
  started.update(others.map((other) => linkTo(other, false)))
  setInterval(() => void started.levels(), LEVELS)
  begin = () => {
    started.setMicrophone(microphone.getAudioTracks()[0])
    started.update(others.map((other) => linkTo(other, true)))
  }
}

window.meshBench = {
  start,
  speak: () => begin(),
  state() {
    const links = mesh?.links.value ?? []
    return {
      connected: links.filter(({ state }) => state === 'connected').length,
      playing: [...players.values()].filter(({ paused }) => !paused).length,
      verified: links.filter(({ check }) => check === 'verified').length,
    }
  },
  async count() {
    const sums = { waited: 0, wanted: 0, emitted: 0, concealed: 0, received: 0, sent: 0 }
    for (const each of connections)
      for (const entry of (await each.getStats()).values()) {
        if (entry.type === 'inbound-rtp') {
          sums.waited += entry.jitterBufferDelay
          sums.wanted += entry.jitterBufferTargetDelay
          sums.emitted += entry.jitterBufferEmittedCount
          sums.concealed += entry.concealedSamples
          sums.received += entry.packetsReceived
        } else if (entry.type === 'outbound-rtp') sums.sent += entry.packetsSent
      }
    return sums
  },
  async next() {
    if (outgoing.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return outgoing.splice(0)
  },
  take(taken) {
    for (const wire of taken) wires?.take(wire)
  },
}
