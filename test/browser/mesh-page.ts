import { platformVerifier } from '../../node/crypto/native.ts'
import { browserConnections } from '../../node/mesh/browser-connections.ts'
import { startMesh } from '../../node/mesh/mesh.ts'
import { MessageQueue } from '../../node/network/message-queue.ts'
import type { Channel, PeerIdString, PeerNetwork } from '../../node/network/network.ts'
import { peerIdOf } from '../../node/network/peer-id.ts'
import { systemClock } from '../../node/ports/clock.ts'
import type { PeerConnections } from '../../node/ports/connections.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import { idOf, keyBytes, type RoomId } from '../../protocol/ids.ts'
import { CONNECTIONS_CONTRACT } from '../contract/connections.ts'
import { withMember } from '../node/mesh/scene.ts'
import { bytesOf, foundCommunity, NOON, personOf, signerOf } from '../support/community.ts'
import { lyingConnections } from '../support/lying-connections.ts'

/** The page of `mesh.test.ts`: a mesh with the browser's own connections, whose signalling the test carries from page to page. */

/** Something of the signalling channel, on its way to the other page. */
export interface Wire {
  readonly kind: 'open' | 'message' | 'close'
  readonly bytes: readonly number[]
}

export interface MeshPage {
  /** Runs one case of the connections' contract; throws what is not so. */
  runCase(name: string): Promise<void>
  /** @param forged names another certificate in its descriptions than it has, and signs that */
  start(me: string, other: string, forged: boolean): Promise<void>
  want(send: boolean, receive: boolean): void
  link(): {
    readonly state: string | undefined
    readonly reason: string | undefined
    readonly sounds: boolean
  }
  level(): Promise<number>
  /** The next thing for the other page. */
  next(): Promise<Wire>
  take(wire: Wire): void
  stop(): Promise<void>
}

declare global {
  interface Window {
    meshPage: MeshPage
  }
}

const verifier = await platformVerifier()
const connectionsOf = browserConnections([])
const ROOM = idOf<RoomId>(bytesOf('the room'))
const SECRET = { epoch: 1, generation: 0, secret: bytesOf('secret 1') }
/** The connections of one of the two sessions. */
const connectionsFor = (name: string) => connectionsOf({ room: ROOM, seed: bytesOf(`${name} session`) })
/** For the page of the browser tests: the microphone hears a recording. */
const microphone = await navigator.mediaDevices.getUserMedia({ audio: true })

function track(): MediaStreamTrack {
  const [voice] = microphone.getAudioTracks()
  if (voice === undefined) throw new Error('the microphone has no voice')
  return voice.clone()
}

type Accept = (from: PeerIdString, channel: Channel) => void

/** One channel of one link, through the test. */
class Bridge
  implements Pick<PeerNetwork, 'peer' | 'publicKey' | 'openChannel' | 'handleChannel' | 'unhandle' | 'on'>
{
  readonly hidesAddress = false
  readonly peer: PeerIdString
  readonly publicKey: Uint8Array
  readonly #far: PeerIdString
  readonly #out: Wire[] = []
  #wake: () => void = () => {}
  #accept: Accept = () => {}
  #inbox = new MessageQueue<Uint8Array>(256)
  #closed = Promise.withResolvers<void>()

  constructor(me: string, far: string) {
    this.peer = peerIdOf(signerOf(`${me} session`).publicKey)
    this.publicKey = keyBytes(signerOf(`${me} session`).publicKey)
    this.#far = peerIdOf(signerOf(`${far} session`).publicKey)
  }

  async openChannel(): Promise<Channel> {
    this.#send({ kind: 'open', bytes: [] })
    return this.#channel()
  }

  async handleChannel(_protocol: string, _options: unknown, accept: Accept): Promise<void> {
    this.#accept = accept
  }

  async unhandle(): Promise<void> {}

  on(): () => void {
    return () => {}
  }

  async next(): Promise<Wire> {
    for (;;) {
      const wire = this.#out.shift()
      if (wire !== undefined) return wire
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  take({ kind, bytes }: Wire): void {
    if (kind === 'open') this.#accept(this.#far, this.#channel())
    else if (kind === 'message') this.#inbox.push(Uint8Array.from(bytes))
    else this.#end()
  }

  #channel(): Channel {
    this.#inbox = new MessageQueue(256)
    this.#closed = Promise.withResolvers()
    const close = () => {
      this.#send({ kind: 'close', bytes: [] })
      this.#end()
    }
    return {
      messages: this.#inbox,
      closed: this.#closed.promise,
      send: async (message) => this.#send({ kind: 'message', bytes: [...message] }),
      close: async () => close(),
      abort: close,
    }
  }

  #end(): void {
    this.#inbox.end()
    this.#closed.resolve()
  }

  #send(wire: Wire): void {
    this.#out.push(wire)
    this.#wake()
  }
}

/** Connections whose descriptions name a certificate that they do not have. */
function forging(real: PeerConnections): PeerConnections {
  const other = Array.from({ length: 32 }, () => 'AB').join(':')
  return lyingConnections(real, (connection) => ({
    async describe() {
      const { type, sdp } = await connection.describe()
      return { type, sdp: sdp.replace(/^(a=fingerprint:sha-256 )\S+/gim, `$1${other}`) }
    },
  }))
}

/** A mesh with one link: the other page's. */
async function start(
  me: string,
  other: string,
  forged: boolean,
): Promise<Omit<MeshPage, 'runCase' | 'start'>> {
  const [genesis] = (await foundCommunity(signerOf('log').publicKey)).entries
  const begun = await beginLedger(verifier, genesis as Uint8Array)
  if (!begun.ok) throw new Error(begun.reason)
  const { community } = begun.value
  const [own, far] = await Promise.all([personOf(community, me, NOON), personOf(community, other, NOON)])
  const membership = withMember(withMember(begun.value, own), far)
  const bridge = new Bridge(me, other)
  const key = signerOf(`${other} session`).publicKey
  const connections = connectionsFor(me)
  const mesh = await startMesh(ROOM, {
    network: bridge,
    connections: forged ? forging(connections) : connections,
    clock: systemClock,
    verifier,
    membership: () => membership,
    me: { member: own.member, device: own.device, peer: signerOf(`${me} session`).publicKey },
  })
  mesh.use({ held: [SECRET], speak: SECRET })
  mesh.setMicrophone(track())
  return {
    want: (send, receive) => mesh.update([{ peer: peerIdOf(key), key, member: far.member, send, receive }]),
    link() {
      const [link] = mesh.links.value
      return { state: link?.state, reason: link?.reason, sounds: link?.stream !== undefined }
    },
    level: async () => [...(await mesh.levels()).values()][0] ?? 0,
    next: () => bridge.next(),
    take: (wire) => bridge.take(wire),
    stop: () => mesh.stop(),
  }
}

window.meshPage = {
  async runCase(name) {
    const found = CONNECTIONS_CONTRACT.find((each) => each.name === name)
    if (found === undefined) throw new Error(`there is no case "${name}"`)
    const connections = connectionsFor('Alice')
    try {
      await found.run({ connections, speaker: signerOf('Alice session').publicKey, track })
    } finally {
      connections.close()
    }
  },
  async start(me, other, forged) {
    Object.assign(window.meshPage, await start(me, other, forged))
  },
} as MeshPage
