import type { StatementId } from '../../ids.ts'
import { advanceDevice, changeInvitation, putInvitation } from '../draft.ts'
import { type Member, slotName } from '../membership.ts'
import { slotReason } from '../slots.ts'
import { isPersonsKey } from '../standing.ts'
import { byCouncil, byDevice, type Reason, type Rule } from './acts.ts'

/** INV-1 to INV-4, SLOT-1 to SLOT-7. */
export const invite: Rule<'invite'> = {
  check(state, statement, at) {
    const { payload } = statement.envelope
    const { slot, key, exp } = payload
    return byDevice(state, statement, payload, (sponsor) => {
      if (state.invitationKeys.has(key) || isPersonsKey(state, key)) return 'invitation-key-known'
      // It would hold no slot, so there could be any number of them.
      if (exp !== undefined && exp <= at) return 'invitation-expired'
      return slotReason(state, sponsor, slot, at)
    })
  },
  take(draft, { envelope }, at) {
    const id = envelope.id as StatementId
    const { m, slot, key, exp, for: guestRoot } = envelope.payload
    const { id: sponsor } = draft.members.get(m) as Member
    putInvitation(draft, {
      id,
      sponsor,
      slot,
      key,
      at,
      exp,
      for: guestRoot,
      guest: undefined,
      void: false,
      leaked: false,
    })
    draft.invitationKeys.set(key, id)
    draft.slots.set(slotName(sponsor, slot), id)
    advanceDevice(draft, envelope)
  },
}

/** VOID-1: by the sponsor, or by the council. */
export const inviteVoid: Rule<'invite-void'> = {
  check(state, statement) {
    const { m, n, prev, v, invite: id } = statement.envelope.payload
    const rule = (): Reason => {
      const invitation = state.invitations.get(id)
      if (invitation === undefined || (m !== undefined && invitation.sponsor !== m))
        return 'invitation-unknown'
      if (invitation.guest !== undefined) return 'invitation-used'
      return invitation.void ? 'invitation-void' : undefined
    }
    return m === undefined || n === undefined || prev === undefined
      ? byCouncil(state, statement, v as number, rule)
      : byDevice(state, statement, { m, n, prev }, rule)
  },
  take(draft, { envelope }) {
    const { m, invite: id } = envelope.payload
    changeInvitation(draft, id, { void: true })
    if (m !== undefined) advanceDevice(draft, envelope)
  },
}
