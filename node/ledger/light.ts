import type { Device, Invitation, Member, Membership } from '../../protocol/community/membership.ts'
import { openEntry } from '../../protocol/community/replay.ts'
import type { Envelope } from '../../protocol/envelope.ts'
import type { Identity } from '../../protocol/identity/identity.ts'
import {
  type CommunityId,
  type Id,
  idOf,
  type KeyText,
  type MemberId,
  type StatementId,
} from '../../protocol/ids.ts'
import { openCheckpoint, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import type { Sha256 } from '../../protocol/log/merkle.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import { persistentMap } from '../../protocol/state/persistent-map.ts'
import { verifyRecord } from '../../protocol/state/proof.ts'
import type { RecordOf } from '../../protocol/state/record.ts'
import { UNKNOWN_PROFILE } from './unknown-profile.ts'

/** Somebody by what they say of themselves. */
export interface Named {
  readonly member: MemberId
  readonly device: KeyText
}

/** The kinds of records that are looked up one by one, and what they are named by. */
interface Looked {
  readonly community: ''
  readonly member: MemberId
  readonly device: KeyText
  readonly invite: StatementId
}
export type LookedName = {
  readonly [K in keyof Looked]: { readonly kind: K; readonly name: Looked[K] }
}[keyof Looked]

/** What the state has under a name; `record` is undefined where it has nothing. */
export type Fact = {
  readonly [K in keyof Looked]: {
    readonly kind: K
    readonly name: Looked[K]
    readonly record: RecordOf<K> | undefined
  }
}[keyof Looked]

/** What a relay gave: nothing of it is believed yet. */
export interface LightAnswer {
  readonly checkpoint: Uint8Array
  /** For each name that was asked for, or for the first of them, in their order. */
  readonly proofs: readonly Uint8Array[]
}

/** What the log signed, and what follows from it. */
export interface LightRead {
  readonly checkpoint: SignedCheckpoint
  readonly facts: readonly Fact[]
}

/** What is looked up of somebody. */
export function namesOf({ member, device }: Named): readonly LookedName[] {
  return [
    { kind: 'member', name: member },
    { kind: 'device', name: device },
  ]
}

/**
 * Believes what the log signed (LIGHT-1), and of the rest nothing that is not proved. Of a community that rotated its log the genesis does
 * not know the key: `signer-missing`, and the ledger has to be read.
 * @param begun the state after entry 0
 */
export async function readLight(
  { community, logs }: Pick<Membership, 'community' | 'logs'>,
  names: readonly LookedName[],
  { checkpoint: bytes, proofs }: LightAnswer,
  verifier: Verifier,
  sha256?: Sha256,
): Promise<Result<LightRead, Reason>> {
  const opened = await openCheckpoint(verifier, { community, keys: logs }, bytes)
  if (!opened.ok) return opened
  const checkpoint = opened.value
  if (proofs.length === 0 || proofs.length > names.length) return bad('field-missing', 'proofs')
  const facts: Fact[] = []
  for (const [i, proof] of proofs.entries()) {
    const name = names[i] as LookedName
    const record = verifyRecord(community, checkpoint.state, name, proof, sha256)
    if (!record.ok) return record
    // The record is of the kind that was asked for, which the type of a union cannot say.
    facts.push({ ...name, record: record.value } as Fact)
  }
  return good({ checkpoint, facts })
}

/**
 * A state in which everything is true that is there, and most is missing. Whoever decides by what is not there (free slots, used invitations)
 * needs the ledger.
 * @param size of the newest checkpoint that any of the facts is from
 * @param profiles commitments, as far as identities were looked at
 */
export function lightMembership(
  begun: Membership,
  size: number,
  facts: Iterable<Fact>,
  profiles: ReadonlyMap<MemberId, Id>,
): Membership {
  const members = persistentMap<MemberId, Member>().draft()
  const devices = persistentMap<KeyText, Device>().draft()
  const invitations = persistentMap<StatementId, Invitation>().draft()
  const invitationKeys = persistentMap<KeyText, StatementId>().draft()
  let community: Partial<Membership> = {}
  for (const fact of facts) {
    if (fact.record === undefined) continue
    switch (fact.kind) {
      case 'community': {
        const { council, witnesses, stewards, forks } = fact.record
        community = { council, witnesses, stewards, forks }
        break
      }
      case 'member': {
        const profile = profiles.get(fact.name) ?? UNKNOWN_PROFILE
        members.set(fact.name, memberOf(fact.name, fact.record, profile))
        break
      }
      case 'device':
        devices.set(fact.name, deviceOf(fact.name, fact.record))
        break
      case 'invite':
        invitations.set(fact.name, invitationOf(fact.name, fact.record))
        invitationKeys.set(fact.record.key, fact.name)
    }
  }
  return {
    ...begun,
    ...community,
    size,
    members: members.done(),
    devices: devices.done(),
    invitations: invitations.done(),
    invitationKeys: invitationKeys.done(),
    touched: [],
  }
}

/**
 * A member's commitment to their profile, from the entry that made them one. Nothing has to be proved: the id of the identity is the member's.
 * Undefined when the entry does not have it.
 */
export function commitmentIn(community: CommunityId, member: MemberId, entry: Uint8Array): Id | undefined {
  const opened = openEntry(community, entry)
  if (!opened.ok || !opened.value.statement.ok) return undefined
  const { value: statement } = opened.value.statement
  let identity: Envelope<Identity>
  if (statement.type === 'identity') identity = statement.envelope
  else if (statement.type === 'join') identity = statement.parts.identity
  else return undefined
  return identity.id === (member as Id) ? idOf(identity.payload.profile) : undefined
}

/** A member without what no record says: their guests are in the records of these. */
function memberOf(id: MemberId, record: RecordOf<'member'>, profile: Id): Member {
  const { root, index, since, branch, slots, chain, stand, recover } = record
  return {
    id,
    root,
    profile,
    index,
    since,
    founder: record.sponsor === undefined,
    sponsor: record.sponsor,
    invitation: record.invite,
    branch,
    slots,
    chain: { next: chain.n, last: chain.last },
    standing: stand,
    by: record.by,
    erased: record.erased ?? false,
    frozen: false,
    certified: record.cert ?? false,
    attested: record.attested,
    claimed: record.claimed,
    charges: record.charges ?? [],
    vouches: (record.vouches ?? []).map(({ m, at }) => ({ member: m, at })),
    guardians: record.guardians,
    recovery: recover && { id: recover.id, member: id, root: recover.root, due: recover.due },
    notice: record.notice,
    appealed: record.appealed,
    lastGuest: undefined,
    previousGuest: undefined,
  }
}

function deviceOf(key: KeyText, { m, chain, removed, frozen }: RecordOf<'device'>): Device {
  return {
    key,
    member: m,
    chain: { next: chain.n, last: chain.last },
    removed: removed ?? false,
    frozen: frozen ?? false,
  }
}

function invitationOf(id: StatementId, record: RecordOf<'invite'>): Invitation {
  const { m, slot, key, at, exp, guest } = record
  return {
    id,
    sponsor: m,
    slot,
    key,
    at,
    exp,
    for: record.for,
    guest,
    void: record.void ?? false,
    leaked: record.leaked ?? false,
  }
}
