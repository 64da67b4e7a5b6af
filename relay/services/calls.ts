import type { Network, PeerIdString } from '../../node/network/network.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { peerIdOf } from '../../node/network/peer-id.ts'
import { ask } from '../../node/requests.ts'
import type { KeyText } from '../../protocol/ids.ts'
import type { Call } from '../../protocol/room/call.ts'
import {
  CALL,
  type CallAnswer,
  type CallRequest,
  MAX_SESSIONS_AN_ANSWER,
} from '../../protocol/wire/private-room.ts'
import type { Allowance } from '../allowance.ts'
import { accountOf, type Sessions } from '../sessions.ts'
import type { UnderWay } from '../under-way.ts'

export interface CallsParts {
  readonly network: Pick<Network, 'request'>
  readonly sessions: Sessions
  readonly gets: Allowance
  readonly calls: Allowance
  readonly underWay: UnderWay
}

/** Says to members which sessions of others are connected, and passes on to them what is sealed for them (CALL-1). */
export async function answerCalls(
  parts: CallsParts,
  from: PeerIdString,
  { of, to, call }: CallRequest,
): Promise<CallAnswer> {
  const { sessions, gets, calls } = parts
  const session = sessions.of(from)
  if (session?.kind !== 'member') return { error: 'not-admitted' }
  if (of !== undefined) {
    if (!gets.take(accountOf(session))) return { error: 'rate-limited' }
    // Nobody has so many sessions that others are not named.
    const members = new Set(of)
    return { here: sessions.presencesOf(members, Math.floor(MAX_SESSIONS_AN_ANSWER / members.size)) }
  }
  if (to === undefined || call === undefined) return { error: 'field-missing' }
  if (!calls.take(accountOf(session))) return { error: 'rate-limited' }
  // Whether somebody is there, and what they make of it, is not for the caller to know, nor to wait for.
  void passOn(parts, to, call)
  return {}
}

async function passOn({ network, sessions, underWay }: CallsParts, to: KeyText, call: Call): Promise<void> {
  const peer = peerIdOf(to)
  if (sessions.of(peer)?.kind !== 'member' || underWay.isFull(peer)) return
  try {
    await underWay.during(peer, () => ask(network, peer, CALL, { to, call }, AbortSignal.any([])))
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error
  }
}
