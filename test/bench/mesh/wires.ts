import type { MeshDependencies } from '../../../node/mesh/mesh.ts'
import { MAX_QUEUED_MESSAGES } from '../../../node/network/limits.ts'
import { MessageQueue } from '../../../node/network/message-queue.ts'
import type { Channel, PeerIdString } from '../../../node/network/network.ts'
import { peerIdOf } from '../../../node/network/peer-id.ts'
import { type KeyText, keyBytes } from '../../../protocol/ids.ts'

/** Something of a signalling channel, on its way; the measuring process carries it. */
export interface Wire {
  readonly from: PeerIdString
  readonly to: PeerIdString
  readonly kind: 'open' | 'message' | 'close'
  readonly bytes: readonly number[]
}

type MeshNetwork = MeshDependencies['network']
type Accept = (from: PeerIdString, channel: Channel) => void

interface Line {
  readonly inbox: MessageQueue<Uint8Array>
  readonly channel: Channel
  readonly end: () => void
}

/** A session's signalling with all others, one channel with each. */
export class Wires implements MeshNetwork {
  readonly hidesAddress = false
  readonly peer: PeerIdString
  readonly publicKey: Uint8Array
  readonly #lines = new Map<PeerIdString, Line>()
  readonly #send: (wire: Wire) => void
  #accept: Accept = () => {}

  constructor(key: KeyText, send: (wire: Wire) => void) {
    this.peer = peerIdOf(key)
    this.publicKey = keyBytes(key)
    this.#send = send
  }

  async openChannel(to: PeerIdString): Promise<Channel> {
    this.#send({ from: this.peer, to, kind: 'open', bytes: [] })
    return this.#begin(to)
  }

  async handleChannel(_protocol: string, _options: unknown, accept: Accept): Promise<void> {
    this.#accept = accept
  }

  async unhandle(): Promise<void> {}

  on(): () => void {
    return () => {}
  }

  take({ from, kind, bytes }: Wire): void {
    if (kind === 'open') this.#accept(from, this.#begin(from))
    else if (kind === 'message') this.#lines.get(from)?.inbox.push(Uint8Array.from(bytes))
    else this.#lines.get(from)?.end()
  }

  #begin(far: PeerIdString): Channel {
    const inbox = new MessageQueue<Uint8Array>(MAX_QUEUED_MESSAGES)
    const closed = Promise.withResolvers<void>()
    const end = () => {
      inbox.end()
      closed.resolve()
    }
    const post = (kind: Wire['kind'], bytes: readonly number[]) =>
      this.#send({ from: this.peer, to: far, kind, bytes })
    const close = () => {
      post('close', [])
      end()
    }
    const channel: Channel = {
      messages: inbox,
      closed: closed.promise,
      send: async (message) => post('message', [...message]),
      close: async () => close(),
      abort: close,
    }
    this.#lines.set(far, { inbox, channel, end })
    return channel
  }
}
