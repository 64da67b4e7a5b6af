import { openAs, openUntyped, signedOf, type Untyped } from '../envelope.ts'
import type { CommunityId } from '../ids.ts'
import { type OpenedFork, openFork } from '../log/fork.ts'
import type { Sha256 } from '../log/merkle.ts'
import type { EnvelopeReason, LedgerReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import {
  EQUIVOCATION,
  type Equivocation,
  LEAK,
  type Leak,
  LOG_FORK,
  type LogForkStatement,
} from './evidence.ts'
import {
  isSimple,
  type JoinStatement,
  type Opened,
  openJoin,
  openSimple,
  type SimpleStatement,
} from './kinds.ts'
import { openTwins, type Twins } from './twins.ts'

/** An equivocation with what it proves; undefined when that cannot be for its shape alone. */
export interface EquivocationStatement extends Opened<'equivocation', Equivocation> {
  readonly twins: Twins | undefined
}

/** A leak with the join that it shows; undefined when it is none. */
export interface LeakStatement extends Opened<'leak', Leak> {
  readonly join: JoinStatement | undefined
}

/** A log-fork with what it proves; undefined when that cannot be for its shape alone. */
export interface ForkStatement extends Opened<'log-fork', LogForkStatement> {
  readonly fork: OpenedFork | undefined
}

/** A statement of the ledger after the genesis, opened and of a known type, its signatures not yet looked at. */
export type Statement =
  | SimpleStatement
  | JoinStatement
  | EquivocationStatement
  | LeakStatement
  | ForkStatement
export type StatementType = Statement['type']
export type StatementOf<T extends StatementType> = Extract<Statement, { readonly type: T }>

/** Opens a statement of any type. A genesis is refused here: only entry 0 is one. */
export function openStatement(
  community: CommunityId,
  bytes: Uint8Array,
  sha256?: Sha256,
): Result<Statement, EnvelopeReason | LedgerReason> {
  const opened = openUntyped(bytes)
  if (!opened.ok) return opened
  const envelope = opened.value
  const { type } = envelope
  if (isSimple(type)) return openSimple(type, community, envelope, sha256)
  switch (type) {
    case 'genesis':
      return bad('genesis-repeated')
    case 'join':
      return openJoin(community, envelope, sha256)
    case 'equivocation':
      return openEquivocation(community, envelope)
    case 'leak':
      return openLeak(community, envelope)
    case 'log-fork':
      return openLogFork(community, envelope)
    default:
      return bad('unknown-type', type)
  }
}

function openEquivocation(
  community: CommunityId,
  envelope: Untyped,
): Result<EquivocationStatement, EnvelopeReason> {
  const opened = openAs(EQUIVOCATION, community, envelope)
  if (!opened.ok) return opened
  const { a, b } = opened.value.payload
  const twins = openTwins(community, a, b)
  const signed = [...(twins?.signed ?? []), signedOf(community, opened.value)]
  return good({ type: 'equivocation', envelope: opened.value, twins, signed })
}

function openLeak(community: CommunityId, envelope: Untyped): Result<LeakStatement, EnvelopeReason> {
  const opened = openAs(LEAK, community, envelope)
  if (!opened.ok) return opened
  const inside = openUntyped(opened.value.payload.join)
  const shown = inside.ok ? openJoin(community, inside.value) : inside
  const join = shown.ok ? shown.value : undefined
  const signed = [...(join?.signed ?? []), signedOf(community, opened.value)]
  return good({ type: 'leak', envelope: opened.value, join, signed })
}

function openLogFork(community: CommunityId, envelope: Untyped): Result<ForkStatement, EnvelopeReason> {
  const opened = openAs(LOG_FORK, community, envelope)
  if (!opened.ok) return opened
  const fork = openFork(community, opened.value.payload.evidence)
  const signed = [...(fork?.signed ?? []), signedOf(community, opened.value)]
  return good({ type: 'log-fork', envelope: opened.value, fork, signed })
}
