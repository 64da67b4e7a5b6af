import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { strictlyAscending } from '../bytes.ts'
import { decodeValue, encodeValue, type Value } from '../codec.ts'
import { why } from '../community/ban.ts'
import type {
  Attestation,
  Ban,
  Chain,
  Device,
  Invitation,
  LedgerState,
  Member,
  RecordName,
  Root,
  StageRoom,
} from '../community/membership.ts'
import { DOMAIN } from '../domains.ts'
import { hash } from '../hash.ts'
import { idBytes, keyBytes, type MemberId, type RoomId, type StatementId } from '../ids.ts'
import { MAX_SIGNATURES, MAX_VOUCHES, MAX_WITNESSES } from '../limits.ts'
import type { Sha256 } from '../log/merkle.ts'
import {
  CODEC_REASONS,
  type CodecReason,
  LEDGER_REASONS,
  SCHEMA_REASONS,
  type SchemaReason,
  SIGNATURE_REASONS,
} from '../reasons.ts'
import { bad, type Result } from '../result.ts'
import {
  bytes,
  id,
  key,
  list,
  map,
  oneOf,
  type Read,
  refine,
  type Schema,
  sortedSet,
  uint,
  yes,
} from '../schema.ts'
import { ledgerTime } from '../time.ts'

/** The largest record that is read from somebody: twenty thousand charges of one sponsor. */
export const MAX_RECORD_BYTES = 1024 * 1024

/** What no rule of the ledger bounds. */
const ANY_NUMBER = Number.MAX_SAFE_INTEGER
/** As the statement that names them (SPEC §6.9). */
const MAX_STEWARDS = 16

const memberId = id<MemberId>()
const statementId = id<StatementId>()
const roomId = id<RoomId>()
const chain = map({ n: uint(), last: statementId })

/** The values of records by their kind (STATE-1). Optional fields stand only where they apply. */
export const RECORDS = {
  community: map({
    council: map({ v: uint(), k: uint(MAX_SIGNATURES, 1), keys: sortedSet(key, MAX_SIGNATURES, 1) }),
    logs: list(key, ANY_NUMBER, 1),
    witnesses: map({ k: uint(MAX_WITNESSES), keys: sortedSet(key, MAX_WITNESSES) }),
    stewards: sortedSet(memberId, MAX_STEWARDS),
    voids: uint(),
    forks: refine(list(uint(), ANY_NUMBER), (sizes) =>
      strictlyAscending(sizes, (a, b) => a - b) ? undefined : bad('field-invalid', 'forks'),
    ),
  }),
  member: map(
    {
      root: key,
      index: uint(),
      since: ledgerTime,
      branch: memberId,
      slots: uint(),
      chain,
      stand: oneOf('active', 'banned', 'cut', 'left', 'repudiated'),
    },
    {
      sponsor: memberId,
      invite: statementId,
      by: statementId,
      erased: yes,
      cert: yes,
      attested: ledgerTime,
      claimed: ledgerTime,
      charges: list(map({ ban: statementId, at: ledgerTime }), ANY_NUMBER, 1),
      vouches: list(map({ m: memberId, at: ledgerTime }), MAX_VOUCHES, 1),
      guardians: map({ k: uint(MAX_SIGNATURES, 1), of: sortedSet(memberId, MAX_SIGNATURES, 1) }),
      recover: map({ id: statementId, root: key, due: ledgerTime }),
      notice: ledgerTime,
      appealed: ledgerTime,
    },
  ),
  root: map({ m: memberId }, { frozen: yes }),
  device: map({ m: memberId, chain }, { removed: yes, frozen: yes }),
  invite: map(
    { m: memberId, slot: uint(), key, at: ledgerTime },
    { exp: ledgerTime, for: key, guest: memberId, void: yes, leaked: yes },
  ),
  room: map({ m: memberId, at: ledgerTime }, { end: ledgerTime }),
  attest: map({ m: memberId, for: memberId, room: roomId, minutes: uint() }, { spent: yes }),
  ban: map({ m: memberId, why, at: ledgerTime }, { note: bytes(32), cut: uint(), lifted: yes }),
  void: map({
    reason: oneOf(...CODEC_REASONS, ...SCHEMA_REASONS, ...SIGNATURE_REASONS, ...LEDGER_REASONS),
  }),
} satisfies Record<RecordName['kind'], Schema<unknown>>

export type RecordKind = RecordName['kind']
export type RecordOf<K extends RecordKind> = Read<(typeof RECORDS)[K]>

/** Reads the value of a record in its one spelling. */
export function decodeRecord<K extends RecordKind>(
  kind: K,
  bytes: Uint8Array,
): Result<RecordOf<K>, CodecReason | SchemaReason> {
  const value = decodeValue(bytes, MAX_RECORD_BYTES)
  return value.ok ? (RECORDS[kind] as unknown as Schema<RecordOf<K>>).decode(value.value, '') : value
}

/** The value of a record in its one spelling. */
export function encodeRecord<K extends RecordKind>(kind: K, record: RecordOf<K>): Uint8Array {
  return encodeValue((RECORDS[kind] as unknown as Schema<RecordOf<K>>).encode(record))
}

/** The value of a record, as it is hashed. Undefined when the state has none of this name. */
export function recordOf(state: LedgerState, name: RecordName): Uint8Array | undefined {
  const value = wireValue(state, name)
  return value === undefined ? undefined : encodeValue(value)
}

/** Every record of a state as it is hashed, in no order that means anything. */
export function* records(state: LedgerState): Generator<readonly [name: RecordName, value: Uint8Array]> {
  yield [{ kind: 'community', name: '' }, encodeValue(communityValue(state))]
  for (const [name, member] of state.members)
    yield [{ kind: 'member', name }, encodeValue(memberValue(member))]
  for (const [name, root] of state.roots) yield [{ kind: 'root', name }, encodeValue(rootValue(root))]
  for (const [name, device] of state.devices)
    yield [{ kind: 'device', name }, encodeValue(deviceValue(device))]
  for (const [name, invitation] of state.invitations)
    yield [{ kind: 'invite', name }, encodeValue(invitationValue(invitation))]
  for (const [name, room] of state.rooms) yield [{ kind: 'room', name }, encodeValue(roomValue(room))]
  for (const [name, attest] of state.attests)
    yield [{ kind: 'attest', name }, encodeValue(attestValue(attest))]
  for (const [name, ban] of state.bans) yield [{ kind: 'ban', name }, encodeValue(banValue(ban))]
  for (const { index, reason } of state.voids)
    yield [{ kind: 'void', name: String(index) }, encodeValue(RECORDS.void.encode({ reason }))]
}

/** The name of every record of a state, in the same order. */
export function* recordNames(state: LedgerState): Generator<RecordName, undefined> {
  for (const [name] of records(state)) yield name
}

/** How many records a state has. */
export function countRecords(state: LedgerState): number {
  const { members, roots, devices, invitations, rooms, attests, bans, voids } = state
  const maps = [members, roots, devices, invitations, rooms, attests, bans]
  return maps.reduce((sum, { size }) => sum + size, 1 + voids.length)
}

/** STATE-2: where a record is in the tree, 32 bytes. */
export function recordKey(name: RecordName, sha256: Sha256 = hash): Uint8Array {
  return sha256(recordPreimage(name))
}

/** Of which the key of a record is the hash. */
export function recordPreimage(name: RecordName): Uint8Array {
  return concatBytes(KEY_STARTS[name.kind], nameBytes(name))
}

/** What comes before the name of a record of a kind. */
const KEY_STARTS = Object.fromEntries(
  Object.keys(RECORDS).map((kind) => {
    const name = utf8ToBytes(kind)
    return [kind, concatBytes(DOMAIN.record, Uint8Array.of(name.length), name)]
  }),
) as Readonly<Record<RecordKind, Uint8Array>>

/** A name as it is hashed. */
export function nameBytes(record: RecordName): Uint8Array {
  switch (record.kind) {
    case 'community':
      return new Uint8Array(0)
    case 'root':
    case 'device':
      return keyBytes(record.name)
    case 'void':
      return u64(Number(record.name))
    default:
      return idBytes(record.name)
  }
}

/** Eight bytes, the highest first. */
export function u64(value: number): Uint8Array {
  const out = new Uint8Array(8)
  new DataView(out.buffer).setBigUint64(0, BigInt(value))
  return out
}

function wireValue(state: LedgerState, record: RecordName): Value | undefined {
  switch (record.kind) {
    case 'community':
      return communityValue(state)
    case 'member':
      return made(state.members.get(record.name), memberValue)
    case 'root':
      return made(state.roots.get(record.name), rootValue)
    case 'device':
      return made(state.devices.get(record.name), deviceValue)
    case 'invite':
      return made(state.invitations.get(record.name), invitationValue)
    case 'room':
      return made(state.rooms.get(record.name), roomValue)
    case 'attest':
      return made(state.attests.get(record.name), attestValue)
    case 'ban':
      return made(state.bans.get(record.name), banValue)
    case 'void': {
      const reason = voidReason(state, Number(record.name))
      return reason && RECORDS.void.encode({ reason })
    }
  }
}

function made<T>(one: T | undefined, value: (one: T) => Value): Value | undefined {
  return one === undefined ? undefined : value(one)
}

function communityValue({ council, logs, witnesses, stewards, voids, forks }: LedgerState): Value {
  return RECORDS.community.encode({ council, logs, witnesses, stewards, voids: voids.length, forks })
}

function memberValue(member: Member): Value {
  return RECORDS.member.encode(memberRecord(member))
}

function rootValue({ member, frozen }: Root): Value {
  return RECORDS.root.encode({ m: member, ...there({ frozen: flag(frozen) }) })
}

function deviceValue({ member, chain, removed, frozen }: Device): Value {
  const flags = there({ removed: flag(removed), frozen: flag(frozen) })
  return RECORDS.device.encode({ m: member, chain: chainRecord(chain), ...flags })
}

function invitationValue(invitation: Invitation): Value {
  const { sponsor, slot, key, at, exp, guest } = invitation
  const flags = { void: flag(invitation.void), leaked: flag(invitation.leaked) }
  const rest = there({ exp, for: invitation.for, guest, ...flags })
  return RECORDS.invite.encode({ m: sponsor, slot, key, at, ...rest })
}

function roomValue({ host, at, end }: StageRoom): Value {
  return RECORDS.room.encode({ m: host, at, ...there({ end }) })
}

function attestValue(attest: Attestation): Value {
  const { member, room, minutes, spent } = attest
  const flags = there({ spent: flag(spent) })
  return RECORDS.attest.encode({ m: member, for: attest.for, room, minutes, ...flags })
}

function banValue({ member, why, at, note, cut, lifted }: Ban): Value {
  return RECORDS.ban.encode({ m: member, why, at, ...there({ note, cut, lifted: flag(lifted) }) })
}

function memberRecord(member: Member): RecordOf<'member'> {
  const { root, index, since, branch, slots, chain, standing, recovery } = member
  return {
    root,
    index,
    since,
    branch,
    slots,
    chain: chainRecord(chain),
    stand: standing,
    ...there({
      sponsor: member.sponsor,
      invite: member.invitation,
      by: member.by,
      erased: flag(member.erased),
      cert: flag(member.certified),
      attested: member.attested,
      claimed: member.claimed,
      charges: filled(member.charges),
      vouches: filled(member.vouches.map(({ member: m, at }) => ({ m, at }))),
      guardians: member.guardians,
      recover: recovery && { id: recovery.id, root: recovery.root, due: recovery.due },
      notice: member.notice,
      appealed: member.appealed,
    }),
  }
}

function chainRecord({ next, last }: Chain): RecordOf<'device'>['chain'] {
  return { n: next, last }
}

/** The reason of the void entry with this index. Voids stand in the order of the ledger. */
function voidReason({ voids }: LedgerState, index: number): RecordOf<'void'>['reason'] | undefined {
  let low = 0
  let high = voids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((voids[middle]?.index ?? index) < index) low = middle + 1
    else high = middle
  }
  const found = voids[low]
  return found?.index === index ? found.reason : undefined
}

/** The fields that apply: a schema writes none that is undefined. */
function there<T extends object>(fields: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return fields as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function flag(on: boolean): true | undefined {
  return on || undefined
}

function filled<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length > 0 ? items : undefined
}
