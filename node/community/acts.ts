import type { Chain, LedgerState } from '../../protocol/community/membership.ts'
import { type Envelope, type PayloadType, seal } from '../../protocol/envelope.ts'
import type { KeyText, MemberId, StatementId } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'

/** What every statement of a chain says of its place. */
export interface Placed {
  readonly m: MemberId
  readonly n: number
  readonly prev: StatementId
  readonly at: number
}

/** What every act of the council says. */
export interface Decided {
  readonly v: number
  readonly at: number
}

/** Where the next statement of a device stands. */
export function chainOfDevice(device: KeyText): (state: LedgerState) => Chain | undefined {
  return ({ devices }) => devices.get(device)?.chain
}

/** Where the next statement of a member's root stands. */
export function chainOfRoot(member: MemberId): (state: LedgerState) => Chain | undefined {
  return ({ members }) => members.get(member)?.chain
}

/** Makes an act of a device or of a root (ACT-1, ACT-2), at its place. @param signers whose chain it is, and who signs beside them; @param now seconds */
export function sealAct<T>(
  { community }: LedgerState,
  kind: PayloadType<T>,
  say: (place: Placed) => T,
  member: MemberId,
  { next, last }: Chain,
  signers: readonly Signer[],
  now: number,
): Promise<Envelope<T>> {
  return seal(kind, community, say({ m: member, n: next, prev: last, at: toLedgerTime(now) }), signers)
}

/** Makes an act of the council in force (ACT-3). @param signers of its keys, as many as are at hand; @param now seconds */
export function sealCouncilAct<T>(
  { community, council }: LedgerState,
  kind: PayloadType<T>,
  say: (decided: Decided) => T,
  signers: readonly Signer[],
  now: number,
): Promise<Envelope<T>> {
  return seal(kind, community, say({ v: council.v, at: toLedgerTime(now) }), signers)
}
