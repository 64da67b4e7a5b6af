import type { LedgerState, Standing } from '../../protocol/community/membership.ts'
import { hasExpired } from '../../protocol/community/slots.ts'
import type { CommunityId, KeyText } from '../../protocol/ids.ts'

/** A ledger in numbers. Times are log times, in seconds. */
export interface Summary {
  readonly community: CommunityId
  readonly name: string
  readonly entries: number
  readonly founded: number
  readonly time: number
  readonly members: { readonly [S in Standing]: number } & {
    readonly all: number
    readonly founders: number
    readonly certified: number
    readonly erased: number
  }
  readonly devices: { readonly all: number; readonly removed: number; readonly frozen: number }
  readonly invitations: {
    readonly all: number
    readonly used: number
    readonly open: number
    readonly expired: number
    readonly withdrawn: number
    readonly leaked: number
  }
  readonly rooms: { readonly all: number; readonly open: number }
  readonly attests: { readonly all: number; readonly spent: number }
  readonly bans: { readonly all: number; readonly lifted: number }
  /** How many entries are void, by reason. */
  readonly voids: Readonly<Record<string, number>>
  readonly council: { readonly v: number; readonly k: number; readonly of: number }
  readonly witnesses: { readonly k: number; readonly of: number }
  /** The log's keys, the one in force last. */
  readonly logs: readonly KeyText[]
}

export function summarize(state: LedgerState): Summary {
  const members = {
    all: 0,
    founders: 0,
    certified: 0,
    erased: 0,
    active: 0,
    banned: 0,
    cut: 0,
    left: 0,
    repudiated: 0,
  }
  for (const member of state.members.values()) {
    members.all += 1
    members[member.standing] += 1
    members.founders += Number(member.founder)
    members.certified += Number(member.certified)
    members.erased += Number(member.erased)
  }
  const devices = { all: 0, removed: 0, frozen: 0 }
  for (const { removed, frozen } of state.devices.values()) {
    devices.all += 1
    devices.removed += Number(removed)
    devices.frozen += Number(frozen)
  }
  const invitations = { all: 0, used: 0, open: 0, expired: 0, withdrawn: 0, leaked: 0 }
  for (const invitation of state.invitations.values()) {
    invitations.all += 1
    invitations.leaked += Number(invitation.leaked)
    if (invitation.guest !== undefined) invitations.used += 1
    else if (invitation.void) invitations.withdrawn += 1
    else if (hasExpired(invitation, state.time)) invitations.expired += 1
    else invitations.open += 1
  }
  const voids: Record<string, number> = {}
  for (const { reason } of state.voids) voids[reason] = (voids[reason] ?? 0) + 1
  const { name, at } = state.genesis.payload
  return {
    community: state.community,
    name,
    entries: state.size,
    founded: at,
    time: state.time,
    members,
    devices,
    invitations,
    rooms: { all: state.rooms.size, open: countWhere(state.rooms.values(), ({ end }) => end === undefined) },
    attests: { all: state.attests.size, spent: countWhere(state.attests.values(), ({ spent }) => spent) },
    bans: { all: state.bans.size, lifted: countWhere(state.bans.values(), ({ lifted }) => lifted) },
    voids,
    council: { v: state.council.v, k: state.council.k, of: state.council.keys.length },
    witnesses: { k: state.witnesses.k, of: state.witnesses.keys.length },
    logs: state.logs,
  }
}

function countWhere<T>(items: Iterable<T>, is: (item: T) => boolean): number {
  let count = 0
  for (const item of items) count += Number(is(item))
  return count
}
