import { MAX_QUEUED_MESSAGES } from '../../../node/network/limits.ts'
import { MessageQueue } from '../../../node/network/message-queue.ts'
import type { Channel, PeerIdString } from '../../../node/network/network.ts'
import { NetworkError } from '../../../node/network/network-error.ts'
import type { KeyText, MemberId } from '../../../protocol/ids.ts'

/** What the benchmark and the process with the relay say to each other: streams of sessions, which would come over a network, come in these. */
export type Piped =
  | { readonly kind: 'message'; readonly stream: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly stream: number }

export type ToRelay =
  | Piped
  | { readonly kind: 'setup'; readonly processes: number }
  /** A session that the relay has let in, and whose it is. */
  | ({ readonly kind: 'enter' } & Entering)
  | { readonly kind: 'leave'; readonly peer: PeerIdString }
  | { readonly kind: 'stream'; readonly stream: number; readonly peer: PeerIdString }
  | { readonly kind: 'look' }

export interface Entering {
  readonly peer: PeerIdString
  readonly member: MemberId
  readonly device: KeyText
  readonly speaks: boolean
}

export type FromRelay =
  | Piped
  | { readonly kind: 'ready'; readonly key: KeyText; readonly peer: PeerIdString }
  | { readonly kind: 'seen'; readonly seen: RelaySeen }
  | { readonly kind: 'failed'; readonly what: string }

export interface RelaySeen {
  /** Of the media processes. */
  readonly pids: readonly number[]
  /** As the crew says it: from 1 on it takes nobody. */
  readonly load: number
  readonly hearing: number
  /** Of the door, in kB: what its heap holds, with what is to be collected. */
  readonly heap: number
}

/** One end of a stream, whose other end is in the other process. */
export class PipeChannel implements Channel {
  readonly messages = new MessageQueue<Uint8Array>(MAX_QUEUED_MESSAGES)
  readonly closed: Promise<void>
  readonly #stream: number
  readonly #tell: (message: Piped) => void
  readonly #settle: () => void
  #isClosed = false

  constructor(stream: number, tell: (message: Piped) => void) {
    this.#stream = stream
    this.#tell = tell
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#settle = resolve
  }

  async send(bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) throw new NetworkError('closed', 'the stream has ended')
    this.#tell({ kind: 'message', stream: this.#stream, bytes })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#tell({ kind: 'end', stream: this.#stream })
    this.ended()
  }

  abort(_error: Error): void {
    void this.close()
  }

  /** The other end has ended it. */
  ended(): void {
    this.#isClosed = true
    this.messages.end()
    this.#settle()
  }
}
