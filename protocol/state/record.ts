import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { strictlyAscending } from '../bytes.ts'
import { decodeValue, encodeValue, type Value } from '../codec.ts'
import { why } from '../community/ban.ts'
import type { Chain, LedgerState, Member, RecordName } from '../community/membership.ts'
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

/** The name of every record of a state, in no order that means anything. */
export function* recordNames(state: LedgerState): Generator<RecordName, undefined> {
  yield { kind: 'community', name: '' }
  for (const name of state.members.keys()) yield { kind: 'member', name }
  for (const name of state.roots.keys()) yield { kind: 'root', name }
  for (const name of state.devices.keys()) yield { kind: 'device', name }
  for (const name of state.invitations.keys()) yield { kind: 'invite', name }
  for (const name of state.rooms.keys()) yield { kind: 'room', name }
  for (const name of state.attests.keys()) yield { kind: 'attest', name }
  for (const name of state.bans.keys()) yield { kind: 'ban', name }
  for (const { index } of state.voids) yield { kind: 'void', name: String(index) }
}

/** How many records a state has. */
export function countRecords(state: LedgerState): number {
  const { members, roots, devices, invitations, rooms, attests, bans, voids } = state
  const maps = [members, roots, devices, invitations, rooms, attests, bans]
  return maps.reduce((sum, { size }) => sum + size, 1 + voids.length)
}

/** STATE-2: where a record is in the tree, 32 bytes. */
export function recordKey(name: RecordName, sha256: Sha256 = hash): Uint8Array {
  const kind = utf8ToBytes(name.kind)
  return sha256(concatBytes(DOMAIN.record, Uint8Array.of(kind.length), kind, nameBytes(name)))
}

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
      return RECORDS.community.encode({
        council: state.council,
        logs: state.logs,
        witnesses: state.witnesses,
        stewards: state.stewards,
        voids: state.voids.length,
        forks: state.forks,
      })
    case 'member': {
      const member = state.members.get(record.name)
      return member && RECORDS.member.encode(memberRecord(member))
    }
    case 'root': {
      const root = state.roots.get(record.name)
      return root && RECORDS.root.encode({ m: root.member, ...there({ frozen: flag(root.frozen) }) })
    }
    case 'device': {
      const device = state.devices.get(record.name)
      if (device === undefined) return undefined
      return RECORDS.device.encode({
        m: device.member,
        chain: chainRecord(device.chain),
        ...there({ removed: flag(device.removed), frozen: flag(device.frozen) }),
      })
    }
    case 'invite': {
      const invitation = state.invitations.get(record.name)
      if (invitation === undefined) return undefined
      const { sponsor, slot, key, at, exp, guest } = invitation
      const flags = { void: flag(invitation.void), leaked: flag(invitation.leaked) }
      const rest = there({ exp, for: invitation.for, guest, ...flags })
      return RECORDS.invite.encode({ m: sponsor, slot, key, at, ...rest })
    }
    case 'room': {
      const room = state.rooms.get(record.name)
      return room && RECORDS.room.encode({ m: room.host, at: room.at, ...there({ end: room.end }) })
    }
    case 'attest': {
      const attest = state.attests.get(record.name)
      if (attest === undefined) return undefined
      const { member, room, minutes, spent } = attest
      return RECORDS.attest.encode({
        m: member,
        for: attest.for,
        room,
        minutes,
        ...there({ spent: flag(spent) }),
      })
    }
    case 'ban': {
      const ban = state.bans.get(record.name)
      if (ban === undefined) return undefined
      const { member, why, at, note, cut, lifted } = ban
      return RECORDS.ban.encode({ m: member, why, at, ...there({ note, cut, lifted: flag(lifted) }) })
    }
    case 'void': {
      const reason = voidReason(state, Number(record.name))
      return reason && RECORDS.void.encode({ reason })
    }
  }
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

/** The fields that apply. */
function there<T extends object>(fields: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function flag(on: boolean): true | undefined {
  return on || undefined
}

function filled<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length > 0 ? items : undefined
}
