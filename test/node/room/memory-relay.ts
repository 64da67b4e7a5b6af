import type { Channel, PeerIdString } from '../../../node/network/network.ts'
import type {
  AudibleConnection,
  AudienceConnections,
  AudienceListener,
  AudienceSlot,
} from '../../../node/ports/audience.ts'
import type { ConnectionState } from '../../../node/ports/connection-state.ts'
import type { Traffic } from '../../../node/ports/traffic.ts'
import { fingerprintOf, sdpDigest } from '../../../protocol/audio/description.ts'
import { RELAY_ANSWER } from '../../../protocol/audio/relay-answer.ts'
import { TICKET, type Ticket } from '../../../protocol/audio/ticket.ts'
import { open, seal } from '../../../protocol/envelope.ts'
import type { CommunityId, KeyText } from '../../../protocol/ids.ts'
import type { Reason } from '../../../protocol/reasons.ts'
import { good, type Result } from '../../../protocol/result.ts'
import { FANOUT, FANOUT_PROTOCOL } from '../../../protocol/wire/fanout.ts'
import { decodeFrame, encodeFrame } from '../../../protocol/wire/frame.ts'
import { NOON, signerOf } from '../../support/community.ts'
import type { MemoryHub, MemoryNetwork } from '../../support/memory-network.ts'

/** A relay in memory that takes every ticket, or refuses them all, and carries nothing. */
export interface MemoryRelay {
  readonly network: MemoryNetwork
  readonly key: KeyText
  /** Those that are attached, and as what. */
  readonly attached: ReadonlyMap<PeerIdString, Ticket['as']>
  /** Sessions for which a link is held. */
  readonly holding: ReadonlySet<PeerIdString>
  /** Every ticket that was shown, and what it was for. */
  readonly tickets: readonly Ticket['as'][]
  /** For which reason it takes nobody, and whom it names instead. */
  refusal: { readonly reason: Reason; readonly others: readonly string[] } | undefined
  hearing(count: number): Promise<void>
}

export async function memoryRelay(
  hub: MemoryHub,
  community: CommunityId,
  name: string,
): Promise<MemoryRelay> {
  const signer = signerOf(`${name} session`)
  const network = hub.add(signer.publicKey)
  const channels = new Map<PeerIdString, Channel>()
  const attached = new Map<PeerIdString, Ticket['as']>()
  const tickets: Ticket['as'][] = []
  const holding = new Set<PeerIdString>()
  const sdp = sdpOf(2)

  async function serve(peer: PeerIdString, channel: Channel): Promise<void> {
    let held: string | undefined
    for await (const bytes of channel.messages) {
      const message = decodeFrame(FANOUT, bytes)
      if (!message.ok) throw new Error(message.reason)
      const { hold, bind, ticket = bind, offer = held } = message.value
      if (hold !== undefined) {
        if (relay.refusal !== undefined) return await refuse(channel, relay.refusal)
        held = hold
        holding.add(peer)
        void channel.closed.then(() => holding.delete(peer))
        await channel.send(encodeFrame(FANOUT, { held: sdp }))
      }
      if (ticket === undefined || offer === undefined) continue
      const opened = open(TICKET, community, ticket)
      if (!opened.ok) throw new Error(opened.reason)
      const { r, from, as } = opened.value.payload
      tickets.push(as)
      if (relay.refusal !== undefined) return await refuse(channel, relay.refusal)
      const payload = { r, from: signer.publicKey, to: from, offer: sdpDigest(offer), sdp: sdpDigest(sdp) }
      const fp = fingerprintOf(sdp) as Uint8Array
      const times = { at: NOON, exp: NOON + 60 }
      const vouch = await seal(RELAY_ANSWER, community, { ...payload, fp, ...times }, [signer])
      holding.delete(peer)
      attached.set(peer, as)
      channels.set(peer, channel)
      const answer = bind === undefined ? { vouch: vouch.bytes, answer: sdp } : { bound: vouch.bytes }
      await channel.send(encodeFrame(FANOUT, answer))
    }
  }

  const relay: MemoryRelay = {
    network,
    key: signer.publicKey,
    attached,
    holding,
    tickets,
    refusal: undefined,
    async hearing(count) {
      for (const channel of channels.values()) await channel.send(encodeFrame(FANOUT, { hearing: count }))
    },
  }
  await network.handleChannel(
    FANOUT_PROTOCOL,
    { maxBytes: FANOUT.maxBytes, maxConcurrentPerPeer: 2 },
    (peer, channel) => {
      void serve(peer, channel)
      void channel.closed.then(() => {
        if (channels.get(peer) !== channel) return
        attached.delete(peer)
        channels.delete(peer)
      })
    },
  )
  return relay
}

async function refuse(
  channel: Channel,
  { reason, others }: NonNullable<MemoryRelay['refusal']>,
): Promise<void> {
  await channel.send(encodeFrame(FANOUT, { error: reason, others }))
  await channel.close()
}

/** Connections that are there as soon as they are answered. @param ears those that are open */
export function memoryAudience(ears: Set<MemoryEar>): AudienceConnections<AudibleConnection> {
  return {
    open(speaks, listener) {
      const ear = new MemoryEar(speaks, listener, ears)
      ears.add(ear)
      return ear
    },
  }
}

export class MemoryEar implements AudibleConnection {
  readonly speaks: boolean
  slots: readonly AudienceSlot[] = []
  /** Loudness in each slot. */
  loudness: readonly number[] = []
  state: ConnectionState = 'new'
  sends: MediaStreamTrack | undefined
  readonly #listener: AudienceListener
  readonly #ears: Set<MemoryEar>

  constructor(speaks: boolean, listener: AudienceListener, ears: Set<MemoryEar>) {
    this.speaks = speaks
    this.#listener = listener
    this.#ears = ears
  }

  async offer(): Promise<string> {
    return sdpOf(1)
  }

  async accept(): Promise<Result<true, never>> {
    this.become('connected')
    return good(true)
  }

  /** The road to the relay is another. */
  become(state: ConnectionState): void {
    this.state = state
    queueMicrotask(() => {
      if (this.state !== 'closed') this.#listener.changed()
    })
  }

  /** Whose voices come in its slots now. */
  bring(...speakers: readonly KeyText[]): void {
    this.slots = speakers.map((speaker) => ({ stream: {} as MediaStream, speaker }))
    this.loudness = speakers.map(() => 1)
    this.#listener.changed()
  }

  async send(track: MediaStreamTrack | undefined): Promise<void> {
    this.sends = track
  }

  async setPacketTime(): Promise<void> {}

  async remoteFingerprint(): Promise<Uint8Array | undefined> {
    return fingerprintOf(sdpOf(2))
  }

  levels(): readonly number[] {
    return this.loudness
  }

  async traffic(): Promise<Traffic> {
    return { roundTrip: 0, jitter: undefined, received: 0, lost: 0 }
  }

  close(): void {
    this.state = 'closed'
    this.#ears.delete(this)
  }
}

function sdpOf(byte: number): string {
  const pair = byte.toString(16).padStart(2, '0')
  return `v=0\r\na=fingerprint:sha-256 ${Array.from({ length: 32 }, () => pair).join(':')}\r\n`
}
