import type { Signed } from '../../envelope.ts'
import { memberOf } from '../../identity/identity.ts'
import type { KeyText } from '../../ids.ts'
import { bad, good } from '../../result.ts'
import {
  changeDevice,
  changeInvitation,
  changeMember,
  type Draft,
  putRoot,
  touchCommunity,
} from '../draft.ts'
import type { LedgerState, Member, Root } from '../membership.ts'
import { type Ask, byAnybody, type Check, type Rule } from './acts.ts'
import { joinAsks } from './people.ts'

/** EQUIV-1. */
export const equivocation: Rule<'equivocation'> = {
  check(state, statement): Check {
    return byAnybody(statement, (own) => {
      const { twins } = statement
      if (twins === undefined) return bad('evidence-wrong')
      const asks = wrongUnless(twins.signed, twins.key)
      const frozen = isFrozen(state, twins.key)
      if (frozen === undefined) return good({ asks, refused: 'device-unknown' })
      if (frozen) return good({ asks, refused: 'evidence-known' })
      return good({ asks: [...asks, ...own.asks] })
    })
  },
  take(draft, { twins }) {
    if (twins) freeze(draft, twins.key)
  },
}

/** Whether a key was frozen; undefined when it is nobody's. */
function isFrozen(state: LedgerState, key: KeyText): boolean | undefined {
  return (state.devices.get(key) ?? state.roots.get(key))?.frozen
}

function freeze(draft: Draft, key: KeyText): void {
  if (draft.devices.has(key)) {
    changeDevice(draft, key, { frozen: true })
    return
  }
  const root = draft.roots.get(key) as Root
  putRoot(draft, key, { ...root, frozen: true })
  const member = draft.members.get(root.member) as Member
  if (member.root === key) changeMember(draft, member.id, { frozen: true })
}

/** LEAK-1. */
export const leak: Rule<'leak'> = {
  check(state, statement): Check {
    return byAnybody(statement, (own) => {
      const { join } = statement
      if (join === undefined) return bad('evidence-wrong')
      const invitation = state.invitations.get(join.envelope.payload.invite)
      if (invitation === undefined) return bad('invitation-unknown')
      const { guest } = invitation
      if (guest === undefined || guest === memberOf(join.parts.identity)) return bad('evidence-wrong')
      const asks: Ask[] = joinAsks(join, invitation).map((ask) => ({ ...ask, reason: 'evidence-wrong' }))
      return good(invitation.leaked ? { asks, refused: 'evidence-known' } : { asks: [...asks, ...own.asks] })
    })
  },
  take(draft, { join }) {
    if (join) changeInvitation(draft, join.envelope.payload.invite, { leaked: true })
  },
}

/** FORK-1. */
export const logFork: Rule<'log-fork'> = {
  check(state, statement): Check {
    return byAnybody(statement, (own) => {
      const { fork } = statement
      if (fork === undefined || !state.logs.includes(fork.log)) return bad('evidence-wrong')
      const asks = wrongUnless(fork.signed, fork.log)
      return good(
        state.forks.includes(fork.size)
          ? { asks, refused: 'evidence-known' }
          : { asks: [...asks, ...own.asks] },
      )
    })
  },
  take(draft, { fork }) {
    if (fork === undefined) return
    draft.forks = [...draft.forks, fork.size].sort((a, b) => a - b)
    touchCommunity(draft)
  },
}

/** What is shown proves nothing unless the accused key signed all of it. */
function wrongUnless(parts: readonly Signed[], key: KeyText): readonly Ask[] {
  return parts.map((part) => ({ part, signers: [key], reason: 'evidence-wrong' }))
}
