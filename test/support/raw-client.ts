/** A libp2p client that is bound by no rule of ours: it says what a test wants said, byte for byte. */

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { lpStream } from '@libp2p/utils'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { concatBytes } from '@noble/hashes/utils.js'
import { createLibp2p } from 'libp2p'
import type { PeerIdString } from '../../node/network/network.ts'
import { keyOf } from '../../node/network/peer-id.ts'
import type { Site } from '../../node/site.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { type Signer, signerFromSeed } from '../../protocol/signature.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import { HELLO, type Service } from '../../protocol/wire/services.ts'
import { type Invitation, inviteProof, type Person, presence } from './community.ts'
import { PATIENCE } from './node-peer.ts'

/** More than any message of ours. */
const ROOM = 4 * 1024 * 1024

export interface RawClient {
  readonly session: Signer
  /** Key of the relay that it is connected to. */
  readonly relayKey: KeyText
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>
  /** Sends one frame and reads one. @returns `reset` when the stream ends without an answer */
  say(protocol: string, frame: Uint8Array): Promise<Uint8Array | 'reset'>
  /** A well-formed request. */
  ask<Q, A>(service: Service<Q, A>, request: Q): Promise<A | 'reset'>
  /** A stream on which nothing was said. @throws when the relay resets it at once */
  open(protocol: string): Promise<Stream>
  /** Ends the connection without a word. */
  vanish(): Promise<void>
}

/** Connects to a relay, and says nothing. */
export async function rawClient({ addresses, relay }: Site): Promise<RawClient> {
  const seed = crypto.getRandomValues(new Uint8Array(32))
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    connectionManager: { reconnectRetries: 0 },
    connectionMonitor: { enabled: false },
  })
  const gone = new Promise<void>((resolve) => node.addEventListener('peer:disconnect', () => resolve()))
  const connection = await node.dial(addresses.map(multiaddr), { signal: patience() })

  const open = (protocol: string) => connection.newStream(protocol, { signal: patience() })
  async function say(protocol: string, frame: Uint8Array): Promise<Uint8Array | 'reset'> {
    let stream: Stream | undefined
    try {
      stream = await open(protocol)
      const messages = lpStream(stream, { maxDataLength: ROOM })
      await messages.write(frame, { signal: patience() })
      const answer = (await messages.read({ signal: patience() })).subarray()
      await stream.close({ signal: patience() })
      return answer
    } catch (error) {
      stream?.abort(error as Error)
      if (isReset(error)) return 'reset'
      throw error
    }
  }

  return {
    session: signerFromSeed(seed),
    relayKey: keyOf(relay as PeerIdString) as KeyText,
    gone,
    say,
    async ask(service, request) {
      const bytes = await say(service.protocol, encodeFrame(service.request, request))
      if (bytes === 'reset') return bytes
      const answer = decodeFrame(service.answer, bytes)
      if (!answer.ok) throw new Error(`the answer cannot be read: ${answer.reason}`)
      return answer.value
    },
    open,
    async vanish() {
      connection.abort(new Error('vanished'))
      await node.stop()
    },
  }
}

const patience = () => AbortSignal.timeout(PATIENCE)

/** What libp2p throws when the other side has ended a stream. */
function isReset(error: unknown): boolean {
  return error instanceof Error && /Reset|EOF|Closed|StreamState|Aborted/.test(error.name)
}

/** The code with which an answer refuses; the whole answer when it is not a refusal and nothing else. */
export function refused(answer: object | 'reset'): unknown {
  if (answer === 'reset') return answer
  return 'error' in answer && Object.keys(answer).length === 1 ? answer.error : answer
}

/** What a service answers to bytes that need not be a request: the code, or `reset`. */
export async function refusalOf<Q, A extends object>(
  client: RawClient,
  service: Service<Q, A>,
  bytes: Uint8Array,
): Promise<unknown> {
  const answer = await client.say(service.protocol, bytes)
  if (answer === 'reset') return answer
  const read = decodeFrame(service.answer, answer)
  if (!read.ok) throw new Error(`the answer cannot be read: ${read.reason}`)
  return refused(read.value)
}

/** Everything that still comes on a stream, when the other side has ended it, in whatever way. */
export function rest(stream: Stream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  stream.addEventListener('message', ({ data }) => void pieces.push(data.subarray().slice()))
  return new Promise((resolve) => {
    const end = () => resolve(concatBytes(...pieces))
    stream.addEventListener('remoteCloseWrite', end, { once: true })
    stream.addEventListener('close', end, { once: true })
  })
}

/** Says hello as a member. */
export async function enterAs(client: RawClient, person: Person): Promise<void> {
  const { bytes } = await presence(person, client.session, now())
  const answer = await client.ask(HELLO, { p: bytes })
  if (answer === 'reset' || answer.error !== undefined)
    throw new Error(`not let in: ${JSON.stringify(answer)}`)
}

/** Says hello as somebody who holds an invitation. */
export async function knockWith(client: RawClient, invitation: Invitation): Promise<void> {
  const { bytes } = await inviteProof(invitation, client.session.publicKey, client.relayKey, now())
  const answer = await client.ask(HELLO, { i: bytes })
  if (answer === 'reset' || answer.error !== undefined)
    throw new Error(`not let in: ${JSON.stringify(answer)}`)
}

/** The present second. */
export function now(): number {
  return Math.floor(Date.now() / 1000)
}
