import type { Stream } from '@libp2p/interface'
import { messageStreamToDuplex } from '@libp2p/utils'
import { decode, encode } from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { CLOSE_MS, MAX_QUEUED_MESSAGES } from './limits.ts'
import { MessageQueue } from './message-queue.ts'
import type { Channel } from './network.ts'
import { NetworkError } from './network-error.ts'
import { networkFailure } from './network-failure.ts'

interface Outgoing {
  readonly message: Uint8Array
  readonly taken: () => void
}

/** A libp2p stream as a channel: every message is preceded by its length as an unsigned varint. */
export function streamChannel(stream: Stream, maxBytes: number): Channel {
  const outbox = new MessageQueue<Outgoing>(MAX_QUEUED_MESSAGES)
  const inbox = new MessageQueue<Uint8Array>(MAX_QUEUED_MESSAGES)
  const ended = new AbortController()
  let end: (error?: NetworkError) => void = () => {}
  const closed = new Promise<void>((resolve) => {
    end = (error) => {
      outbox.end()
      inbox.end(error)
      ended.abort(error ?? new NetworkError('closed', 'the channel is closed'))
      resolve()
    }
  })

  async function* outgoing(): AsyncGenerator<Uint8Array> {
    for await (const { message, taken } of outbox) {
      yield message
      taken()
    }
  }

  async function receive(source: AsyncIterable<{ subarray(): Uint8Array }>): Promise<void> {
    for await (const frame of source) {
      if (!inbox.push(frame.subarray()))
        throw new NetworkError('closed', 'messages arrive faster than they are read')
    }
  }

  // A stream that ended without an error leaves the pipe waiting for our next message.
  stream.addEventListener('close', () => outbox.end(), { once: true })

  pipe(
    outgoing(),
    (source) => encode(source),
    messageStreamToDuplex(stream),
    (source) => decode(source, { maxDataLength: maxBytes }),
    receive,
  )
    .then(
      () => {
        end()
        return stream.close()
      },
      (error: unknown) => {
        const failure = networkFailure('the channel', error, ended.signal, 'closed')
        // A reset is how the other side of a channel goes away in a hurry: the end of its messages, not a failure of ours.
        end(failure.code === 'too-large' ? failure : undefined)
        stream.abort(failure)
      },
    )
    .catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error('close failed')))

  return {
    messages: inbox,
    closed,
    async send(message) {
      if (message.byteLength > maxBytes) {
        throw new NetworkError(
          'too-large',
          `a message of ${message.byteLength} bytes; ${maxBytes} are allowed`,
        )
      }
      await new Promise<void>((resolve, reject) => {
        const onEnd = () => reject(ended.signal.reason)
        if (ended.signal.aborted) return onEnd()
        ended.signal.addEventListener('abort', onEnd, { once: true })
        const taken = () => {
          ended.signal.removeEventListener('abort', onEnd)
          resolve()
        }
        if (!outbox.push({ message, taken })) {
          stream.abort(new NetworkError('closed', 'messages are sent faster than they are taken'))
        }
      })
    },
    async close() {
      outbox.end()
      // The other side answers a half-close with its own; one that does not is not waited for.
      const overdue = setTimeout(
        () => stream.abort(new NetworkError('timeout', 'closing took too long')),
        CLOSE_MS,
      )
      await closed
      clearTimeout(overdue)
    },
    abort(error) {
      stream.abort(error)
      end()
    },
  }
}
