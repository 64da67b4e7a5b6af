import { checkSigners, type Signed, soleSigner } from '../../envelope.ts'
import type { KeyText, MemberId, StatementId } from '../../ids.ts'
import type { EnvelopeReason, LedgerReason } from '../../reasons.ts'
import { bad, good, type Result } from '../../result.ts'
import type { Draft } from '../draft.ts'
import type { Chain, LedgerState, Member } from '../membership.ts'
import { goneReason, standingReason } from '../standing.ts'
import type { Statement, StatementOf, StatementType } from '../statement.ts'

export type StatementReason = EnvelopeReason | LedgerReason

/** What one type of statement wants of the state, and what it does to it once it is admitted. */
export interface Rule<T extends StatementType> {
  check(state: LedgerState, statement: StatementOf<T>, at: number): Check
  take(draft: Draft, statement: StatementOf<T>, at: number): void
}

/** Refused by a rule, or what signatures remain to be asked. Rules come first and are cheap: nobody makes us verify what could not take effect. */
export type Check = Result<Checked, StatementReason>

export interface Checked {
  /** In this order. */
  readonly asks: readonly Ask[]
  /** Refused for this once all of them are good: nobody is accused by what they did not sign. */
  readonly refused?: LedgerReason
}

/** A part of a statement, and who must have signed it. */
export interface Ask {
  readonly part: Signed
  readonly signers: readonly KeyText[]
  /** What the statement is refused for when they did not; their own reason otherwise. */
  readonly reason?: LedgerReason
}

/** A rule of one type: why it does not hold, or nothing. */
export type Reason = LedgerReason | undefined

/** The place in a chain that an act wants. */
interface Link {
  readonly m: MemberId
  readonly n: number
  readonly prev: StatementId
}

/** ACT-1: an act of a device, in good standing. */
export function byDevice(
  state: LedgerState,
  statement: Statement,
  { m, n, prev }: Link,
  rule: (actor: Member) => Reason,
): Check {
  const actor = state.members.get(m)
  if (actor === undefined) return bad('member-unknown')
  const signer = soleSigner(statement.envelope)
  if (signer === undefined) return bad('signer-unexpected')
  const device = state.devices.get(signer)
  if (device?.member !== m) return bad('device-unknown')
  const refused = standingReason(actor)
  if (refused) return bad(refused)
  if (device.removed) return bad('device-removed')
  if (device.frozen) return bad('key-frozen')
  return inChain(device.chain, n, prev, signedBy(statement, [signer]), () => rule(actor))
}

/** ACT-2: an act of a root. @param others who must sign beside the root */
export function byRoot(
  state: LedgerState,
  statement: Statement,
  { m, n, prev }: Link,
  others: readonly KeyText[],
  rule: (actor: Member) => Reason,
): Check {
  const actor = state.members.get(m)
  if (actor === undefined) return bad('member-unknown')
  const refused = goneReason(actor)
  if (refused) return bad(refused)
  if (actor.frozen) return bad('key-frozen')
  return inChain(actor.chain, n, prev, signedBy(statement, [actor.root, ...others]), () => rule(actor))
}

/** ERASE-1, APPEAL-1: by the root in force or a device, whatever the standing. */
export function byAnyKey(
  state: LedgerState,
  statement: Statement,
  { m, n, prev }: Link,
  rule: (actor: Member) => Reason,
): Check {
  const actor = state.members.get(m)
  if (actor === undefined) return bad('member-unknown')
  const signer = soleSigner(statement.envelope)
  if (signer === undefined) return bad('signer-unexpected')
  const key = keyOfMember(state, actor, signer)
  if (key === undefined) return bad('device-unknown')
  if (key.removed) return bad('device-removed')
  if (key.frozen) return bad('key-frozen')
  return inChain(key.chain, n, prev, signedBy(statement, [signer]), () => rule(actor))
}

function keyOfMember(state: LedgerState, member: Member, key: KeyText) {
  if (key === member.root) return { chain: member.chain, removed: false, frozen: member.frozen }
  const device = state.devices.get(key)
  return device?.member === member.id ? device : undefined
}

/** ACT-3: an act of enough of the council in force. */
export function byCouncil(state: LedgerState, statement: Statement, v: number, rule: () => Reason): Check {
  const { council } = state
  if (v !== council.v) return bad('council-version')
  const signers = statement.envelope.signatures.map(({ key }) => key)
  if (!signers.every((signer) => council.keys.includes(signer))) return bad('signer-unexpected')
  if (signers.length < council.k) return bad('council-minority')
  const refused = rule()
  return refused ? bad(refused) : good(signedBy(statement, signers))
}

/** ACT-4: an act of anybody, which proves itself. */
export function byAnybody(statement: Statement, rule: (own: Checked) => Check): Check {
  const signer = soleSigner(statement.envelope)
  return signer === undefined ? bad('signer-unexpected') : rule(signedBy(statement, [signer]))
}

/** CHAIN-1 and CHAIN-3: continues the chain of its key, or wants a place that another statement has. */
export function inChain(chain: Chain, n: number, prev: StatementId, own: Checked, rule: () => Reason): Check {
  if (n < chain.next) return good({ ...own, refused: 'equivocation' })
  if (n > chain.next) return bad('sequence-wrong')
  if (prev !== chain.last) return bad('previous-wrong')
  const refused = rule()
  return refused ? bad(refused) : good(own)
}

/** ENV-9 for the statement itself, whose own signatures are asked last. */
export function signedBy(statement: Statement, signers: readonly KeyText[]): Checked {
  return { asks: [{ part: statement.signed.at(-1) as Signed, signers }] }
}

/** Whether the right keys signed a part; their signatures are another question. */
export function askSigners({ part, signers, reason }: Ask): Result<true, StatementReason> {
  const right = checkSigners(part, signers)
  return right.ok || reason === undefined ? right : bad(reason)
}
