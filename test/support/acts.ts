import { type Envelope, type PayloadType, seal } from '../../protocol/envelope.ts'
import { RECOVER, type Recover } from '../../protocol/identity/recover.ts'
import { ROOT_ROTATE, type RootRotate } from '../../protocol/identity/root-rotate.ts'
import type { CommunityId, MemberId, StatementId } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import type { Person } from './community.ts'

/**
 * What people, councils and bystanders say in the ledger, for tests: statements of any type, sealed and in their chains. The chains of whoever acts
 * move on, also when the ledger will not have it; a test that wants it back says so.
 */

/** What every statement of a chain has, and its maker fills in; an `invite-void` has it unless it is the council's. */
export interface Linked {
  readonly m: MemberId
  readonly n: number
  readonly prev: StatementId
  readonly at: number
}

/** An act of a device: of the person's own, in its chain. @param at ledger time */
export async function deviceAct<T extends Partial<Linked>>(
  person: Person,
  kind: PayloadType<T>,
  fields: Omit<T, keyof Linked>,
  at: number,
): Promise<Envelope<T>> {
  const { next: n, last: prev } = person.deviceChain
  const payload = { ...fields, m: person.member, n, prev, at } as T
  const envelope = await seal(kind, person.community, payload, [person.device])
  person.deviceChain = { next: n + 1, last: envelope.id as StatementId }
  return envelope
}

/** An act of a root, in its chain. @param others who sign beside it: a device that is added, a new root */
export async function rootAct<T extends Partial<Linked>>(
  person: Person,
  kind: PayloadType<T>,
  fields: Omit<T, keyof Linked>,
  at: number,
  others: readonly Signer[] = [],
): Promise<Envelope<T>> {
  const { next: n, last: prev } = person.rootChain
  const payload = { ...fields, m: person.member, n, prev, at } as T
  const envelope = await seal(kind, person.community, payload, [person.root, ...others])
  person.rootChain = { next: n + 1, last: envelope.id as StatementId }
  return envelope
}

/** An act of the council. @param v which council @param signers those of its keys who sign */
export function councilAct<T extends { readonly v?: number; readonly at: number }>(
  community: CommunityId,
  kind: PayloadType<T>,
  fields: Omit<T, 'v' | 'at'>,
  at: number,
  signers: readonly Signer[],
  v = 0,
): Promise<Envelope<T>> {
  return seal(kind, community, { ...fields, v, at } as T, signers)
}

/** A new root of somebody, by the old one. The person acts with it from then on. */
export async function rotateRoot(
  person: Person,
  root: Signer,
  at: number,
): Promise<{ readonly person: Person; readonly envelope: Envelope<RootRotate> }> {
  const envelope = await rootAct(person, ROOT_ROTATE, { root: root.publicKey }, at, [root])
  return { person: { ...person, root, rootChain: { next: 0, last: envelope.id as StatementId } }, envelope }
}

/** A new root of somebody, by their guardians. Once it is due the person acts with it. @param guardians who sign */
export async function recoverRoot(
  person: Person,
  root: Signer,
  guardians: readonly Signer[],
  at: number,
): Promise<{ readonly person: Person; readonly envelope: Envelope<Recover> }> {
  const payload = { m: person.member, root: root.publicKey, at }
  const envelope = await seal(RECOVER, person.community, payload, [root, ...guardians])
  return { person: { ...person, root, rootChain: { next: 0, last: envelope.id as StatementId } }, envelope }
}
