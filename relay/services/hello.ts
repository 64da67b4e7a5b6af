import type { PeerIdString } from '../../node/network/network.ts'
import { keyOf } from '../../node/network/peer-id.ts'
import { type Clock, second } from '../../node/ports/clock.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { isVoid } from '../../protocol/community/rules/people.ts'
import { hasExpired } from '../../protocol/community/slots.ts'
import type { KeyText } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { verifyInviteProof, verifyPresence, verifyRootPresence } from '../../protocol/session.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { HelloAnswer, HelloRequest } from '../../protocol/wire/services.ts'
import type { Allowance } from '../allowance.ts'
import type { LogKeeper } from '../log-keeper.ts'
import type { Session, Sessions } from '../sessions.ts'
import { type Checkpoints, checkpointOf } from './ledger.ts'

export interface HelloParts {
  readonly keeper: LogKeeper
  readonly publisher: Checkpoints
  readonly sessions: Sessions
  readonly verifier: Verifier
  readonly clock: Clock
  readonly hellos: Allowance
  /** The relay's own session key, which a newcomer's proof must name. */
  readonly relayKey: KeyText
  isConnected(peer: PeerIdString): boolean
  /** A member or newcomer has come, and shows the newest checkpoint that they know. What it is worth is not known yet. */
  shown(from: PeerIdString, session: Session, checkpoint: Uint8Array | undefined): Promise<void>
}

/** Admits members and newcomers (SPEC §9.2): a presence or an invitation proof, made for this very connection. */
export async function answerHello(
  parts: HelloParts,
  from: PeerIdString,
  request: HelloRequest,
): Promise<HelloAnswer> {
  const { keeper, publisher, sessions, hellos, shown } = parts
  if (!hellos.take(from)) return { error: 'rate-limited' }
  const { membership } = keeper
  if (!membership) return { error: 'not-founded' }
  const session = await readSession(parts, membership, from, request)
  if (!session.ok) return { error: session.reason }
  await shown(from, session.value, request.cp)
  // It may have gone while its proof was checked, and then nothing would end its admission.
  if (!parts.isConnected(from)) return { error: 'not-admitted' }
  if (!sessions.enter(from, session.value)) return { error: 'rate-limited' }
  return { size: membership.size, ...checkpointOf(publisher) }
}

async function readSession(
  { keeper, verifier, clock, relayKey }: HelloParts,
  membership: Membership,
  from: PeerIdString,
  { p, i }: HelloRequest,
): Promise<Result<Session, Reason>> {
  const key = keyOf(from)
  if (key === undefined) return bad('key-not-admitted')
  const now = second(clock)
  if (p !== undefined) {
    const presence = await verifyPresence(verifier, membership, p, now, key)
    if (presence.ok) {
      const { m, exp } = presence.value.payload
      return good({ kind: 'member', member: m, until: exp })
    }
    if (presence.reason !== 'not-member') return presence
    const root = await verifyRootPresence(verifier, membership, p, now, key)
    if (!root.ok) return root
    const { m, device, exp } = root.value.payload
    return good({ kind: 'root', member: m, root: device, until: exp })
  }
  if (i === undefined) return bad('field-missing')
  const proof = await verifyInviteProof(verifier, membership.community, i, now, key, relayKey)
  if (!proof.ok) return proof
  const invitation = openInvitation(membership, proof.value.payload.key, keeper.time)
  return invitation.ok
    ? good({ kind: 'newcomer', invitation: invitation.value.id, until: proof.value.payload.exp })
    : invitation
}

/** The invitation that a one-time key opens, when somebody may still come in with it. */
function openInvitation(membership: Membership, key: KeyText, at: number) {
  const id = membership.invitationKeys.get(key)
  const invitation = id && membership.invitations.get(id)
  if (!invitation) return bad('invitation-unknown')
  if (invitation.guest !== undefined) return bad('invitation-used')
  if (isVoid(membership, invitation)) return bad('invitation-void')
  if (hasExpired(invitation, at)) return bad('invitation-expired')
  return good(invitation)
}
