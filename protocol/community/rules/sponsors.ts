import { HOUR, MAX_VOUCHES } from '../../limits.ts'
import { advanceAnyKey, advanceDevice, advanceRoot, changeMember } from '../draft.ts'
import type { Ban, Invitation, LedgerState, Member } from '../membership.ts'
import { isMature, isPaused } from '../slots.ts'
import { goneReason, isDescendant } from '../standing.ts'
import { byAnyKey, byDevice, byRoot, type Reason, type Rule } from './acts.ts'

/** VOID-2. */
export const repudiate: Rule<'repudiate'> = {
  check(state, statement, at) {
    const { payload } = statement.envelope
    return byDevice(state, statement, payload, () => {
      const invitation = state.invitations.get(payload.invite)
      if (invitation?.sponsor !== payload.m) return 'invitation-unknown'
      if (invitation.guest === undefined) return 'invitation-unused'
      const guest = state.members.get(invitation.guest) as Member
      const gone = goneReason(guest)
      if (gone) return gone
      return at - guest.since > state.genesis.payload.policy['undo-hours'] * HOUR ? 'undo-late' : undefined
    })
  },
  take(draft, { envelope }) {
    const { guest } = draft.invitations.get(envelope.payload.invite) as Invitation
    if (guest !== undefined) changeMember(draft, guest, { standing: 'repudiated', by: undefined })
    advanceDevice(draft, envelope)
  },
}

/** VOUCH-1, VOUCH-2. */
export const vouch: Rule<'vouch'> = {
  check(state, statement, at) {
    const { payload } = statement.envelope
    return byDevice(state, statement, payload, (actor): Reason => {
      const target = state.members.get(payload.for)
      if (target === undefined) return 'member-unknown'
      if (target.id === actor.id) return 'self-target'
      const gone = goneReason(target)
      if (gone) return gone
      if (!isMature(state, actor, at)) return 'member-immature'
      if (isPaused(state, actor, at)) return 'sponsor-paused'
      if (isDescendant(state, actor, target.id)) return 'vouch-inside'
      if (isSponsor(actor, target)) return 'vouch-known'
      return target.vouches.length >= MAX_VOUCHES ? 'vouch-limit' : undefined
    })
  },
  take(draft, { envelope }, at) {
    const actor = draft.members.get(envelope.payload.m) as Member
    const target = draft.members.get(envelope.payload.for) as Member
    const vouches = [...target.vouches, { member: actor.id, at }]
    const back = isBroughtBack(draft, target, actor)
    changeMember(draft, target.id, back ? { vouches, standing: 'active', by: undefined } : { vouches })
    advanceDevice(draft, envelope)
  },
}

function isSponsor(actor: Member, target: Member): boolean {
  return target.sponsor === actor.id || target.vouches.some(({ member }) => member === actor.id)
}

/** VOUCH-2: cut, and vouched for by somebody who is not of the branch that was cut. */
function isBroughtBack(state: LedgerState, target: Member, actor: Member): boolean {
  if (target.standing !== 'cut' || target.by === undefined) return false
  const { member: banned } = state.bans.get(target.by) as Ban
  return actor.id !== banned && !isDescendant(state, actor, banned)
}

/** LEAVE-1. */
export const leave: Rule<'leave'> = {
  check(state, statement) {
    return byRoot(state, statement, statement.envelope.payload, [], () => undefined)
  },
  take(draft, { envelope }) {
    const { m } = envelope.payload
    changeMember(draft, m, { standing: 'left', by: undefined })
    advanceRoot(draft, m, envelope)
  },
}

/** ERASE-1: by the root in force or a device, whatever the standing. */
export const erase: Rule<'erase'> = {
  check(state, statement) {
    return byAnyKey(state, statement, statement.envelope.payload, ({ erased }) =>
      erased ? 'erased' : undefined,
    )
  },
  take(draft, { envelope }) {
    const { m } = envelope.payload
    changeMember(draft, m, { erased: true })
    advanceAnyKey(draft, m, envelope)
  },
}
