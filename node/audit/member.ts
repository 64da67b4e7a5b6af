import type { Attestation, LedgerState, Member, Standing } from '../../protocol/community/membership.ts'
import { points } from '../../protocol/community/points.ts'
import { isPaused, matureFrom, slotsOf } from '../../protocol/community/slots.ts'
import { guestsOf } from '../../protocol/community/standing.ts'
import type { MemberId, StatementId } from '../../protocol/ids.ts'

/** What the ledger says of one member, and what each rule makes of it at a log time. */
export interface MemberReport {
  readonly id: MemberId
  readonly standing: Standing
  readonly founder: boolean
  readonly certified: boolean
  readonly erased: boolean
  /** The index and log time of their entry. */
  readonly index: number
  readonly since: number
  /** From which log time their slots are usable as far as their age goes; undefined when time alone does not bring it. */
  readonly matureFrom: number | undefined
  readonly attested: number | undefined
  readonly claimed: number | undefined
  readonly branch: MemberId
  /** Who invited them, who invited these, and so on to a founder. */
  readonly sponsors: readonly MemberId[]
  readonly vouches: readonly { readonly member: MemberId; readonly at: number }[]
  /** Those whom they sponsored, and those below, each after their sponsor. */
  readonly below: readonly Below[]
  readonly slots: readonly SlotReport[]
  readonly points: number
  readonly paused: boolean
  readonly charges: readonly { readonly ban: StatementId; readonly at: number }[]
  readonly devices: readonly { readonly key: string; readonly removed: boolean; readonly frozen: boolean }[]
  readonly attests: { readonly received: readonly Attestation[]; readonly given: number }
  readonly bans: readonly {
    readonly id: StatementId
    readonly why: string
    readonly at: number
    readonly lifted: boolean
  }[]
}

export interface Below {
  readonly id: MemberId
  /** 1 for who was invited by the member. */
  readonly depth: number
  readonly standing: Standing
}

export interface SlotReport {
  readonly slot: number
  readonly state: 'usable' | 'withheld' | 'paused' | 'immature' | 'spent'
  /** From which log time that rule no longer keeps it, where time alone brings that. */
  readonly from?: number
  readonly invitation?: StatementId
  readonly guest?: MemberId
}

/** Undefined when there is no such member. @param at log time */
export function reportOn(state: LedgerState, id: MemberId, at: number): MemberReport | undefined {
  const member = state.members.get(id)
  if (member === undefined) return undefined
  const { standing, founder, certified, erased, index, since, attested, claimed, branch, vouches, charges } =
    member
  const given = [...state.attests.values()].filter((attest) => attest.member === id).length
  return {
    id,
    standing,
    founder,
    certified,
    erased,
    index,
    since,
    matureFrom: matureFrom(state, member),
    attested,
    claimed,
    branch,
    sponsors: sponsorLine(state, member),
    vouches,
    below: branchBelow(state, member),
    slots: slotsOf(state, id, at).map((slot): SlotReport => {
      const from = slot.state === 'usable' || slot.from === undefined ? {} : { from: slot.from }
      if (slot.state !== 'spent') return { slot: slot.slot, state: slot.state, ...from }
      const { id: invitation, guest } = slot.invitation
      return { slot: slot.slot, state: slot.state, ...from, invitation, ...(guest && { guest }) }
    }),
    points: points(state, member, at),
    paused: isPaused(state, member, at),
    charges,
    devices: [...state.devices.values()]
      .filter((device) => device.member === id)
      .map(({ key, removed, frozen }) => ({ key, removed, frozen })),
    attests: { received: [...state.attests.values()].filter((attest) => attest.for === id), given },
    bans: [...state.bans.values()]
      .filter((ban) => ban.member === id)
      .map(({ id: ban, why, at: banned, lifted }) => ({ id: ban, why, at: banned, lifted })),
  }
}

/** Members whose id begins so. */
export function membersBeginning(state: LedgerState, text: string): readonly MemberId[] {
  const found: MemberId[] = []
  for (const id of state.members.keys()) {
    if (id.startsWith(text)) found.push(id)
  }
  return found
}

function sponsorLine(state: LedgerState, member: Member): readonly MemberId[] {
  const line: MemberId[] = []
  let next = member.sponsor
  while (next !== undefined) {
    line.push(next)
    next = state.members.get(next)?.sponsor
  }
  return line
}

/** Without recursion: a branch may be as deep as the community is large. */
function branchBelow(state: LedgerState, member: Member): readonly Below[] {
  const below: Below[] = []
  const open = guestsBelow(state, member, 1)
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    below.push({ id: next.member.id, depth: next.depth, standing: next.member.standing })
    open.push(...guestsBelow(state, next.member, next.depth + 1))
  }
  return below
}

/** The last one first, so that the first is taken from the end. */
function guestsBelow(
  state: LedgerState,
  member: Member,
  depth: number,
): { readonly member: Member; readonly depth: number }[] {
  return [...guestsOf(state, member)].map((guest) => ({ member: guest, depth }))
}
