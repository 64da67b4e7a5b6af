import type { Reason } from '../protocol/reasons.ts'
import { bad, type Result } from '../protocol/result.ts'
import { decodeFrame, encodeFrame } from '../protocol/wire/frame.ts'
import type { Service } from '../protocol/wire/services.ts'
import type { Network, PeerIdString } from './network/network.ts'

/** An answer that says no. */
interface Refusable {
  readonly error?: Reason | undefined
}

/** Streams of one service that a peer may have open at a time: one in use, one on its way, and two for bursts. */
const CONCURRENT = 4
/** How long an answer may take, in milliseconds: a slow phone on a slow link, not a dead one. */
export const ANSWER_TIMEOUT = 10_000

/**
 * Asks one thing of one connected peer (SPEC §9.1).
 * @returns the answer, or the reason for which it was refused or could not be read
 * @throws NetworkError when no answer came
 */
export async function ask<Q, A extends Refusable>(
  network: Pick<Network, 'request'>,
  peer: PeerIdString,
  service: Service<Q, A>,
  request: Q,
  signal: AbortSignal,
): Promise<Result<A, Reason>> {
  const answer = await exchange(network, peer, service, request, signal)
  if (!answer.ok) return answer
  return answer.value.error === undefined ? answer : bad(answer.value.error)
}

/**
 * The same for who wants to read what else stands in an answer that says no.
 * @returns the answer as it came, or the reason for which it could not be read
 * @throws NetworkError when no answer came
 */
export async function exchange<Q, A>(
  network: Pick<Network, 'request'>,
  peer: PeerIdString,
  service: Service<Q, A>,
  request: Q,
  signal: AbortSignal,
): Promise<Result<A, Reason>> {
  const body = encodeFrame(service.request, request)
  const maxBytes = Math.max(service.request.maxBytes, service.answer.maxBytes)
  const bytes = await network.request(peer, service.protocol, body, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT)]),
    maxBytes,
  })
  return decodeFrame(service.answer, bytes)
}

/**
 * Serves one kind of request. What cannot be read is answered with the reason, like everything else that is refused.
 * @param respond a `Reason` in `error` refuses; throwing resets the stream
 */
export async function serve<Q, A extends Refusable>(
  network: Network,
  service: Service<Q, A>,
  respond: (from: PeerIdString, request: Q, signal: AbortSignal) => Promise<A>,
): Promise<void> {
  const maxBytes = Math.max(service.request.maxBytes, service.answer.maxBytes)
  await network.handle(
    service.protocol,
    { maxBytes, maxConcurrentPerPeer: CONCURRENT },
    async (from, body, signal) => {
      const request = decodeFrame(service.request, body)
      const answer = request.ok
        ? await respond(from, request.value, signal)
        : ({ error: request.reason } as A)
      return encodeFrame(service.answer, answer)
    },
  )
}
