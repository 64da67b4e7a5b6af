import type { PeerIdString } from '../../node/network/network.ts'
import { keyOf } from '../../node/network/peer-id.ts'
import { type Clock, second } from '../../node/ports/clock.ts'
import { JOIN } from '../../protocol/community/join.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import { isVoid } from '../../protocol/community/rules/people.ts'
import { hasExpired } from '../../protocol/community/slots.ts'
import { open } from '../../protocol/envelope.ts'
import type { KeyText, StatementId } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import { verifyInviteProof, verifyPresence, verifyRootPresence } from '../../protocol/session.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { HelloAnswer, HelloRequest } from '../../protocol/wire/services.ts'
import type { Allowance } from '../allowance.ts'
import type { LogKeeper } from '../log-keeper.ts'
import type { Session, Sessions } from '../sessions.ts'
import type { Take } from '../taking.ts'
import { type Checkpoints, checkpointOf } from './ledger.ts'

export interface HelloParts {
  readonly keeper: LogKeeper
  readonly publisher: Checkpoints
  readonly sessions: Sessions
  readonly verifier: Verifier
  readonly clock: Clock
  readonly hellos: Allowance
  /** What all of them together may put. */
  readonly allPuts: Allowance
  readonly take: Take
  /** The relay's own session key, which a newcomer's proof must name. */
  readonly relayKey: KeyText
  isConnected(peer: PeerIdString): boolean
  /** A member or newcomer has come, and shows the newest checkpoint that they know. What it is worth is not known yet. */
  shown(from: PeerIdString, session: Session, checkpoint: Uint8Array | undefined): Promise<void>
  /** Waits a while for something that another relay's log may have taken already; not at all where the log is ours. */
  lookFor(isThere: () => boolean): Promise<void>
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
  const session = await readSession(parts, from, request)
  if (!session.ok) {
    if ('invite' in session && request.join !== undefined) await prove(parts, session.invite, request.join)
    return refusalOf(session)
  }
  await shown(from, session.value, request.cp)
  // It may have gone while its proof was checked, and then nothing would end its admission.
  if (!parts.isConnected(from)) return { error: 'not-admitted' }
  if (!sessions.enter(from, session.value)) return { error: 'rate-limited' }
  const proved = session.value.kind === 'newcomer' ? { invite: session.value.invitation } : {}
  return { size: keeper.membership?.size ?? membership.size, ...proved, ...checkpointOf(publisher) }
}

/** The invitation that a newcomer holds let somebody in. */
interface UsedInvitation {
  readonly ok: false
  readonly reason: 'invitation-used'
  readonly invite: StatementId
}

/** Gives the log what proves that two people had one link. It refuses it, whoever it would bring in, and makes the leak of it (LEAK-1). */
async function prove(
  { keeper, take, allPuts }: HelloParts,
  invite: StatementId,
  join: Uint8Array,
): Promise<void> {
  const { membership } = keeper
  if (membership === undefined || membership.invitations.get(invite)?.leaked !== false) return
  const opened = open(JOIN, membership.community, join)
  if (opened.ok && opened.value.payload.invite === invite && allPuts.take('everybody'))
    await take(join, false)
}

function refusalOf(refused: UsedInvitation | { readonly ok: false; readonly reason: Reason }): HelloAnswer {
  const { reason: error } = refused
  return 'invite' in refused ? { error, invite: refused.invite } : { error }
}

async function readSession(
  { keeper, verifier, clock, relayKey, lookFor }: HelloParts,
  from: PeerIdString,
  { p, i }: HelloRequest,
): Promise<Result<Session, Reason> | UsedInvitation> {
  const key = keyOf(from)
  if (key === undefined) return bad('key-not-admitted')
  const now = second(clock)
  const { membership } = keeper
  if (membership === undefined) return bad('not-founded')
  if (p !== undefined) {
    const presence = await verifyPresence(verifier, membership, p, now, key)
    if (presence.ok) {
      const { m, exp } = presence.value.payload
      return good({ kind: 'member', member: m, until: exp, presence: p })
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
  const { key: invited } = proof.value.payload
  await lookFor(() => keeper.membership?.invitationKeys.has(invited) === true)
  const invitation = openInvitation(keeper.membership ?? membership, invited, keeper.time)
  return invitation.ok
    ? good({ kind: 'newcomer', invitation: invitation.value.id, until: proof.value.payload.exp })
    : invitation
}

/** The invitation that a one-time key opens, when somebody may still come in with it. */
function openInvitation(membership: Membership, key: KeyText, at: number) {
  const id = membership.invitationKeys.get(key)
  const invitation = id && membership.invitations.get(id)
  if (!invitation) return bad('invitation-unknown')
  if (invitation.guest !== undefined)
    return { ok: false, reason: 'invitation-used', invite: invitation.id } satisfies UsedInvitation
  if (isVoid(membership, invitation)) return bad('invitation-void')
  if (hasExpired(invitation, at)) return bad('invitation-expired')
  return good(invitation)
}
