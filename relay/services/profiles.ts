import type { PeerIdString } from '../../node/network/network.ts'
import { readProfile } from '../../node/read-profile.ts'
import type { Membership } from '../../protocol/community/membership.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { ProfilesAnswer, ProfilesRequest } from '../../protocol/wire/services.ts'
import type { Allowance } from '../allowance.ts'
import type { LogKeeper } from '../log-keeper.ts'
import { accountOf, type Session, type Sessions } from '../sessions.ts'
import type { Store } from '../store.ts'

export interface ProfilesParts {
  readonly keeper: LogKeeper
  readonly sessions: Sessions
  readonly store: Store
  readonly verifier: Verifier
  readonly gets: Allowance
  readonly puts: Allowance
  /** Gives a profile to the other relays of the community. */
  passOn(profile: Uint8Array): void
}

/** Keeps one profile for each member, and gives them to members; to a newcomer only that of who invites them. */
export async function answerProfiles(
  { keeper, sessions, store, verifier, gets, puts, passOn }: ProfilesParts,
  from: PeerIdString,
  { get, put }: ProfilesRequest,
): Promise<ProfilesAnswer> {
  const { membership } = keeper
  if (!membership) return { error: 'not-founded' }
  const session = sessions.of(from)
  if (!session) return { error: 'not-admitted' }
  if (get !== undefined) {
    if (!gets.take(accountOf(session))) return { error: 'rate-limited' }
    const shown = new Set(get.filter((member) => maySee(session, membership, member)))
    return { profiles: [...shown].flatMap((member) => store.profile(member) ?? []) }
  }
  if (put === undefined) return { error: 'field-missing' }
  if (!puts.take(accountOf(session))) return { error: 'rate-limited' }
  const kept = await keepProfile({ store, verifier }, membership, put)
  if (!kept.ok) return { error: kept.reason }
  passOn(put)
  return {}
}

/** Keeps a profile, if it is what its member committed to. */
export async function keepProfile(
  { store, verifier }: Pick<ProfilesParts, 'store' | 'verifier'>,
  membership: Membership,
  bytes: Uint8Array,
): Promise<Result<true, Reason>> {
  const profile = await readProfile({ verifier, membership: () => membership }, bytes)
  if (!profile.ok) return profile
  store.putProfile(profile.value.payload.m, bytes)
  return good(true)
}

/** Deletes the profiles of those who asked for that (ERASE-1): after every erase, and once at the start for one that was taken just before the end. */
export function forgetErased(store: Store, membership: Membership): void {
  for (const { id, erased } of membership.members.values()) if (erased) store.dropProfile(id)
}

/** Who holds an invitation may know who gave it, and a root its own; the names of all the others are for those who came in. */
function maySee(session: Session, membership: Membership, member: MemberId): boolean {
  switch (session.kind) {
    case 'member':
      return true
    case 'root':
      return session.member === member
    case 'newcomer':
      return membership.invitations.get(session.invitation)?.sponsor === member
  }
}
