import type { Network, PeerIdString } from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { keyOf, peerIdOf } from '../../node/network/peer-id.ts'
import { exchange } from '../../node/requests.ts'
import { WELCOME, type WelcomeAnswer, type WelcomeRequest } from '../../protocol/wire/welcome.ts'
import type { Allowance } from '../allowance.ts'
import { accountOf, type Sessions } from '../sessions.ts'
import type { UnderWay } from '../under-way.ts'

export interface WelcomeParts {
  readonly network: Pick<Network, 'request'>
  readonly sessions: Sessions
  /** What each member may ask. */
  readonly welcomes: Allowance
  /** What each session may be asked. */
  readonly answers: Allowance
  /** Whoever is too many is linked directly first. */
  readonly underWay: UnderWay
}

/** Passes on what who comes into a room asks of somebody there, and the answer, which is sealed (WELCOME-1). */
export async function answerWelcome(
  { network, sessions, welcomes, answers, underWay }: WelcomeParts,
  from: PeerIdString,
  request: WelcomeRequest,
  signal: AbortSignal,
): Promise<WelcomeAnswer> {
  const session = sessions.of(from)
  if (session?.kind !== 'member') return { error: 'not-admitted' }
  if (request.from !== keyOf(from)) return { error: 'wrong-peer' }
  if (!welcomes.take(accountOf(session))) return { error: 'rate-limited' }
  const peer = peerIdOf(request.to)
  if (peer === from || sessions.of(peer)?.kind !== 'member') return { error: 'room-unknown' }
  if (underWay.isFull(peer) || !answers.take(request.to)) return { error: 'rate-limited' }
  try {
    const answer = await underWay.during(peer, () => exchange(network, peer, WELCOME, request, signal))
    return answer.ok ? answer.value : { error: answer.reason }
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
    return { error: 'room-unknown' }
  }
}
