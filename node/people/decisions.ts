import type { Ban, LedgerState } from '../../protocol/community/membership.ts'
import { openEntry } from '../../protocol/community/replay.ts'
import type { Statement } from '../../protocol/community/statement.ts'
import type { DecisionView } from './view.ts'

/** A decision without its place in the ledger. */
type Decided = DecisionView extends infer D
  ? D extends DecisionView
    ? Omit<D, 'index' | 'at'>
    : never
  : never

/**
 * What some entries decided about people, in their order. Those that are void decided nothing.
 * @param state with these entries; @param first index of the first
 */
export function decisionsIn(
  state: LedgerState,
  entries: readonly Uint8Array[],
  first: number,
): readonly DecisionView[] {
  const voids = new Set(state.voids.map(({ index }) => index))
  return entries.flatMap((bytes, at): readonly DecisionView[] => {
    const index = first + at
    if (voids.has(index)) return []
    // The genesis decides about nobody, and is no statement of the kinds below.
    const entry = openEntry(state.community, bytes)
    if (!entry.ok || !entry.value.statement.ok) return []
    const decided = decisionOf(state, entry.value.statement.value)
    return decided === undefined ? [] : [{ index, at: entry.value.at * 1000, ...decided } as DecisionView]
  })
}

function decisionOf(state: LedgerState, statement: Statement): Decided | undefined {
  switch (statement.type) {
    case 'notice': {
      const { m, why } = statement.envelope.payload
      return { what: 'notice', member: m, why }
    }
    case 'ban': {
      const { m, why, cut } = statement.envelope.payload
      return { what: 'ban', member: m, why, cuts: cut !== undefined }
    }
    case 'unban':
      return { what: 'unban', member: (state.bans.get(statement.envelope.payload.ban) as Ban).member }
    case 'certify': {
      const { m, for: member, on } = statement.envelope.payload
      return { what: on ? 'certified' : 'uncertified', member, by: m }
    }
    case 'vouch': {
      const { m, for: member } = statement.envelope.payload
      return { what: 'vouched', member, by: m }
    }
    case 'repudiate': {
      const { m, invite } = statement.envelope.payload
      const guest = state.invitations.get(invite)?.guest
      return guest === undefined ? undefined : { what: 'undone', member: guest, by: m }
    }
    case 'invite-void': {
      const { m, invite } = statement.envelope.payload
      const invitation = state.invitations.get(invite)
      // What a sponsor does with their own invitation is nobody's news.
      return m !== undefined || invitation === undefined
        ? undefined
        : { what: 'withdrawn', sponsor: invitation.sponsor }
    }
    case 'leave':
      return { what: 'left', member: statement.envelope.payload.m }
    case 'erase':
      return { what: 'erased', member: statement.envelope.payload.m }
    case 'equivocation': {
      const key = statement.twins?.key
      const owner = key && (state.devices.get(key) ?? state.roots.get(key))
      return owner && { what: 'frozen', member: owner.member }
    }
    case 'leak': {
      const invite = statement.join?.envelope.payload.invite
      const invitation = invite && state.invitations.get(invite)
      return invitation && { what: 'leaked', sponsor: invitation.sponsor }
    }
    case 'council': {
      const { k, keys } = statement.envelope.payload
      return { what: 'council', keys: keys.length, needed: k }
    }
    case 'stewards':
      return { what: 'stewards', members: statement.envelope.payload.of }
    case 'log-rotate':
      return { what: 'log' }
    case 'log-fork':
      return { what: 'fork' }
    default:
      return undefined
  }
}
