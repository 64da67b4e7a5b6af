import type { Connection, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { REQUEST_READ_MS, RESPOND_MS } from './limits.ts'
import type { PeerIdString, RequestOptions, Respond } from './network.ts'
import { NetworkError } from './network-error.ts'
import { networkFailure } from './network-failure.ts'

/** One request and its response, each one length-prefixed message, on a fresh stream of `connection`. */
export async function ask(
  connection: Connection,
  protocol: string,
  body: Uint8Array,
  { signal, maxBytes }: RequestOptions,
): Promise<Uint8Array> {
  const doing = `request ${protocol}`
  if (body.byteLength > maxBytes) {
    throw new NetworkError('too-large', `${doing} of ${body.byteLength} bytes; ${maxBytes} are allowed`)
  }
  let stream: Stream | undefined
  try {
    stream = await connection.newStream(protocol, { signal, runOnLimitedConnection: true })
    const messages = lpStream(stream, { maxDataLength: maxBytes })
    await messages.write(body, { signal })
    const response = await messages.read({ signal })
    await stream.close({ signal })
    return response.subarray()
  } catch (error) {
    const failure = requestFailure(doing, error, signal, connection)
    stream?.abort(failure)
    throw failure
  }
}

function requestFailure(
  doing: string,
  error: unknown,
  signal: AbortSignal,
  connection: Connection,
): NetworkError {
  const failure = networkFailure(doing, error, signal, connection.status === 'open' ? 'refused' : 'closed')
  // A reset shows as this or that error, by transport and by how far the exchange had come.
  if (failure.code === 'closed' && !signal.aborted && connection.status === 'open') {
    return new NetworkError('refused', `${doing}: the stream was ended without a response`, { cause: error })
  }
  return failure
}

/**
 * The other half of `ask`. Whatever goes wrong resets the stream; what `respond` threw is reported too, because it is
 * our failure and not the asker's.
 */
export async function answer(
  stream: Stream,
  from: PeerIdString,
  maxBytes: number,
  respond: Respond,
  stopping: AbortSignal,
  report: (error: unknown) => void,
): Promise<void> {
  const gone = new AbortController()
  stream.addEventListener('close', () => gone.abort(), { once: true })
  try {
    const messages = lpStream(stream, { maxDataLength: maxBytes })
    const body = await messages.read({
      signal: AbortSignal.any([stopping, AbortSignal.timeout(REQUEST_READ_MS)]),
    })
    const signal = AbortSignal.any([stopping, gone.signal, AbortSignal.timeout(RESPOND_MS)])
    const response = await respond(from, body.subarray(), signal).catch((error: unknown) => {
      if (!signal.aborted) report(error)
      throw error
    })
    if (response.byteLength > maxBytes) {
      const error = new NetworkError(
        'too-large',
        `a response of ${response.byteLength} bytes; ${maxBytes} are allowed`,
      )
      report(error)
      throw error
    }
    await messages.write(response, { signal })
    await stream.close({ signal })
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('the request was not answered', { cause: error }))
  }
}
