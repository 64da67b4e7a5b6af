import { decodeEntry } from '../../protocol/community/entry.ts'
import { openGenesis } from '../../protocol/community/genesis.ts'
import type { Device, Member, Membership, RecordName } from '../../protocol/community/membership.ts'
import { beginLedger } from '../../protocol/community/replay.ts'
import { type CommunityId, type Id, idOf, type KeyText, type MemberId } from '../../protocol/ids.ts'
import { openCheckpoint, type SignedCheckpoint } from '../../protocol/log/checkpoint.ts'
import { isFinal, verifyCosignatures } from '../../protocol/log/cosignature.ts'
import type { Sha256 } from '../../protocol/log/merkle.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { bad, good, type Result } from '../../protocol/result.ts'
import type { Verifier } from '../../protocol/signature.ts'
import type { PersistentMap } from '../../protocol/state/persistent-map.ts'
import { verifyRecord } from '../../protocol/state/proof.ts'
import { nameBytes, type RecordOf } from '../../protocol/state/record.ts'
import { LEDGER } from '../../protocol/wire/services.ts'
import { STATE } from '../../protocol/wire/state-service.ts'
import type { Network, PeerIdString } from '../network/network.ts'
import { ask } from '../requests.ts'

/** No profile opens this commitment. */
const UNKNOWN_PROFILE = idOf(new Uint8Array(32))

/** Somebody by what a presence says of them. */
export interface Named {
  readonly member: MemberId
  readonly device: KeyText
}

/**
 * What a device knows of a community whose ledger it has not read: a state in which everything is true that is there, and most is missing.
 * Whoever decides by what is not there (free slots, used invitations) needs the ledger.
 */
export interface LightState {
  readonly membership: Membership
  /** The state is the one that the log signed with this. */
  readonly checkpoint: SignedCheckpoint
}

/** What a relay gave: nothing of it is believed yet. */
export interface LightAnswer {
  /** Entry 0. */
  readonly genesis: Uint8Array
  readonly checkpoint: Uint8Array
  /** For each of `lightRecords`, in their order. */
  readonly proofs: readonly Uint8Array[]
}

/** The records that are asked for: the community's own, and everybody's with their devices. */
export function lightRecords(people: readonly Named[]): readonly RecordName[] {
  const names: RecordName[] = [{ kind: 'community', name: '' }]
  for (const { member, device } of people) {
    names.push({ kind: 'member', name: member }, { kind: 'device', name: device })
  }
  return names
}

/**
 * Starts from the newest checkpoint of a relay that admitted us, with the records of some people under it: a few kilobytes, however many
 * members there are. @throws NetworkError
 */
export async function fetchLight(
  community: CommunityId,
  people: readonly Named[],
  relay: PeerIdString,
  { network, verifier }: { readonly network: Network; readonly verifier: Verifier },
  signal: AbortSignal,
): Promise<Result<LightState, Reason>> {
  const begun = await ask(network, relay, LEDGER, { get: 0 }, signal)
  if (!begun.ok) return begun
  const get = lightRecords(people).map((name) => ({ k: name.kind, n: nameBytes(name) }))
  const proved = await ask(network, relay, STATE, { get }, signal)
  if (!proved.ok) return proved
  const genesis = begun.value.entries?.[0]
  const { cp: checkpoint, proofs = [] } = proved.value
  if (genesis === undefined) return bad('genesis-missing')
  if (checkpoint === undefined) return bad('field-missing', 'cp')
  return await readLight(community, people, { genesis, checkpoint, proofs }, verifier)
}

/**
 * Believes what the log signed, and of the rest nothing that is not proved. `witnesses` cosigned the checkpoint as far as the genesis asks for
 * it (`signer-missing`). Of a community that rotated its log the genesis does not know the key: `signer-missing` too, and the ledger has
 * to be read.
 */
export async function readLight(
  community: CommunityId,
  people: readonly Named[],
  answer: LightAnswer,
  verifier: Verifier,
  sha256?: Sha256,
): Promise<Result<LightState, Reason>> {
  const entry = decodeEntry(answer.genesis)
  if (!entry.ok) return entry
  const genesis = openGenesis(entry.value.e)
  if (!genesis.ok) return genesis
  if (genesis.value.id !== (community as Id)) return bad('foreign-community')
  const begun = await beginLedger(verifier, answer.genesis)
  if (!begun.ok) return begun
  const empty = begun.value
  const checkpoint = await openFinal(verifier, empty, answer.checkpoint)
  if (!checkpoint.ok) return checkpoint
  const known = proveAll(community, people, checkpoint.value.state, answer.proofs, sha256)
  if (!known.ok) return known
  const { record, members, devices } = known.value
  const membership: Membership = {
    ...empty,
    size: checkpoint.value.size,
    council: record.council,
    witnesses: record.witnesses,
    stewards: record.stewards,
    forks: record.forks,
    members: withAll(empty.members, members),
    devices: withAll(empty.devices, devices),
    touched: [],
  }
  return good({ membership, checkpoint: checkpoint.value })
}

async function openFinal(
  verifier: Verifier,
  { community, logs, witnesses }: Membership,
  bytes: Uint8Array,
): Promise<Result<SignedCheckpoint, Reason>> {
  const opened = await openCheckpoint(verifier, { community, keys: logs }, bytes)
  if (!opened.ok) return opened
  const cosignatures = await verifyCosignatures(verifier, witnesses.keys, opened.value.note)
  if (!cosignatures.ok) return cosignatures
  return isFinal(witnesses, cosignatures.value) ? opened : bad('signer-missing', 'witnesses')
}

interface Proved {
  readonly record: RecordOf<'community'>
  readonly members: readonly (readonly [MemberId, Member])[]
  readonly devices: readonly (readonly [KeyText, Device])[]
}

function proveAll(
  community: CommunityId,
  people: readonly Named[],
  state: Uint8Array,
  proofs: readonly Uint8Array[],
  sha256?: Sha256,
): Result<Proved, Reason> {
  if (proofs.length !== 1 + 2 * people.length) return bad('field-missing', 'proofs')
  const prove = <N extends RecordName>(name: N, at: number) =>
    verifyRecord(community, state, name, proofs[at] as Uint8Array, sha256)
  const record = prove({ kind: 'community', name: '' }, 0)
  if (!record.ok) return record
  if (record.value === undefined) return bad('proof-wrong', 'community')
  const members: (readonly [MemberId, Member])[] = []
  const devices: (readonly [KeyText, Device])[] = []
  for (const [i, { member: id, device: key }] of people.entries()) {
    const member = prove({ kind: 'member', name: id }, 1 + 2 * i)
    if (!member.ok) return member
    const device = prove({ kind: 'device', name: key }, 2 + 2 * i)
    if (!device.ok) return device
    // That there is no such record is proved as well: they are no member, or that is no device.
    if (member.value !== undefined) members.push([id, memberOf(id, member.value)])
    if (device.value !== undefined) devices.push([key, deviceOf(key, device.value)])
  }
  return good({ record: record.value, members, devices })
}

/** A member without what no record says: their profile's commitment is in the entry of their index, and their guests are in others'. */
function memberOf(id: MemberId, record: RecordOf<'member'>): Member {
  const { root, index, since, branch, slots, chain, stand, recover } = record
  return {
    id,
    root,
    profile: UNKNOWN_PROFILE,
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

function withAll<K extends string, V>(
  map: PersistentMap<K, V>,
  entries: readonly (readonly [K, V])[],
): PersistentMap<K, V> {
  const draft = map.draft()
  for (const [key, value] of entries) draft.set(key, value)
  return draft.done()
}
