import { encodeValue, type Value } from '../../protocol/codec.ts'
import { ascii, concat, hex, sha256, u64, unhex } from './bytes.ts'
import {
  all,
  appealed,
  attestedSince,
  branch,
  type Chain,
  chain,
  charges,
  council,
  devices,
  guest,
  type History,
  isCertified,
  isFrozen,
  isLeaked,
  isLifted,
  isRemoved,
  isSpent,
  isWithdrawn,
  knownRoots,
  lastNotice,
  logKeys,
  type Member,
  members,
  roomEnd,
  roots,
  slots,
  sponsor,
  standings,
  stewards,
  witnesses,
} from './history.ts'
import type { Void } from './void.ts'

/** STATE-1: the state as records, by kind and name in hex (`member 0a1b…`). */
export type Records = ReadonlyMap<string, Value>

export function records(history: History, voids: readonly Void[]): Records {
  return new Map<string, Value>([
    ['community ', communityRecord(history, voids)],
    ...members(history).map((one) => [`member ${one.id}`, memberRecord(history, one)] as const),
    ...knownRoots(history).map(
      ({ key, m }) =>
        [`root ${key}`, { m: unhex(m), ...(isFrozen(history, key) && { frozen: true }) }] as const,
    ),
    ...deviceRecords(history),
    ...inviteRecords(history),
    ...all(history, 'room-open').map(({ said: { fields }, t }) => {
      const end = roomEnd(history, fields.room)
      return [
        `room ${fields.room}`,
        { m: unhex(fields.m), at: t, ...(end !== undefined && { end }) },
      ] as const
    }),
    ...all(history, 'attest').map(({ said: { fields, id } }) => {
      const value = {
        m: unhex(fields.m),
        for: unhex(fields.for),
        room: unhex(fields.room),
        minutes: fields.minutes,
      }
      return [`attest ${id}`, { ...value, ...(isSpent(history, id) && { spent: true }) }] as const
    }),
    ...banRecords(history),
    ...voids.map(({ index, reason }) => [`void ${hex(u64(index))}`, { reason }] as const),
  ])
}

function communityRecord(history: History, voids: readonly Void[]): Value {
  const { v, ...by } = council(history)
  return {
    council: { v, ...quorum(by) },
    logs: logKeys(history).map(unhex),
    witnesses: quorum(witnesses(history)),
    stewards: stewards(history).map(unhex),
    voids: voids.length,
    forks: all(history, 'log-fork')
      .map(({ about }) => Number(about))
      .sort((a, b) => a - b),
  }
}

function quorum({ k, keys }: { readonly k: number; readonly keys: readonly string[] }) {
  return { k, keys: keys.map(unhex) }
}

function chainRecord({ n, last }: Chain) {
  return { n, last: unhex(last) }
}

function memberRecord(history: History, one: Member): Value {
  const { id } = one
  const { inForce, pending } = roots(history, one)
  const { is, by } = standings(history).get(id) as { is: string; by?: string }
  const of = sponsor(history, id)
  const attested = attestedSince(history, id)
  const claimed = all(history, 'claim').findLast(({ said }) => said.fields.m === id)?.t
  const charged = charges(history, id).map(({ said, t }) => ({ ban: unhex(said.id), at: t }))
  const vouches = all(history, 'vouch')
    .filter(({ said }) => said.fields.for === id)
    .map(({ said, t }) => ({ m: unhex(said.fields.m), at: t }))
  const guardians = all(history, 'guardians').findLast(({ said }) => said.fields.m === id)?.said.fields
  const notice = lastNotice(history, id)?.t
  const said = appealed(history, id)
  return {
    root: unhex(inForce.key),
    index: one.index,
    since: one.since,
    branch: unhex(branch(history, id)),
    slots: slots(history, one),
    chain: chainRecord(chain(history, inForce.key, inForce.start)),
    stand: is,
    ...(of !== undefined && { sponsor: unhex(of) }),
    ...(one.invite !== undefined && { invite: unhex(one.invite) }),
    ...(by !== undefined && { by: unhex(by) }),
    ...(all(history, 'erase').some(({ said }) => said.fields.m === id) && { erased: true }),
    ...(isCertified(history, id) && { cert: true }),
    ...(attested !== undefined && { attested }),
    ...(claimed !== undefined && { claimed }),
    ...(charged.length > 0 && { charges: charged }),
    ...(vouches.length > 0 && { vouches }),
    ...(guardians && { guardians: { k: guardians.k, of: guardians.of.map(unhex) } }),
    ...(pending && { recover: { id: unhex(pending.id), root: unhex(pending.root), due: pending.due } }),
    ...(notice !== undefined && { notice }),
    ...(said !== undefined && { appealed: said }),
  }
}

function deviceRecords(history: History): readonly (readonly [string, Value])[] {
  return devices(history).map(({ key, m, start }) => [
    `device ${key}`,
    {
      m: unhex(m),
      chain: chainRecord(chain(history, key, start)),
      ...(isRemoved(history, key) && { removed: true }),
      ...(isFrozen(history, key) && { frozen: true }),
    },
  ])
}

function inviteRecords(history: History): readonly (readonly [string, Value])[] {
  return all(history, 'invite').map(({ said: { id, fields }, t }) => {
    const came = guest(history, id)
    const value: Value = {
      m: unhex(fields.m),
      slot: fields.slot,
      key: unhex(fields.key),
      at: t,
      ...(fields.exp !== undefined && { exp: fields.exp }),
      ...(fields.for !== undefined && { for: unhex(fields.for) }),
      ...(came && { guest: unhex(came.id) }),
      ...(isWithdrawn(history, id) && { void: true }),
      ...(isLeaked(history, id) && { leaked: true }),
    }
    return [`invite ${id}`, value]
  })
}

function banRecords(history: History): readonly (readonly [string, Value])[] {
  return all(history, 'ban').map(({ said: { id, fields }, t }) => {
    const value: Value = {
      m: unhex(fields.m),
      why: fields.why,
      at: t,
      ...(fields.note !== undefined && { note: unhex(fields.note) }),
      ...(fields.cut !== undefined && { cut: fields.cut }),
      ...(isLifted(history, id) && { lifted: true }),
    }
    return [`ban ${id}`, value]
  })
}

interface Leaf {
  /** The record's key, as 256 bits in text. */
  readonly path: string
  readonly hash: Uint8Array
}

/** STATE-2 to STATE-4. @param entries how many the ledger has, @param last the time of the last */
export function stateHash(community: string, of: Records, entries: number, last: number): string {
  const leaves = [...of].map(([name, value]): Leaf => {
    const [kind, rest] = name.split(' ') as [string, string]
    const key = sha256(
      concat(ascii('palabre/v1/record\0'), Uint8Array.of(kind.length), ascii(kind), unhex(rest)),
    )
    const hash = sha256(concat(Uint8Array.of(0), key, sha256(encodeValue(value))))
    return { path: [...key].map((byte) => byte.toString(2).padStart(8, '0')).join(''), hash }
  })
  const root = rootOf(leaves, 0)
  return hex(sha256(concat(ascii('palabre/v1/state\0'), unhex(community), u64(entries), u64(last), root)))
}

/** STATE-3. */
function rootOf(leaves: readonly Leaf[], depth: number): Uint8Array {
  const [first] = leaves
  if (first === undefined) return new Uint8Array(32)
  if (leaves.length === 1) return first.hash
  const side = (bit: string) =>
    rootOf(
      leaves.filter(({ path }) => path[depth] === bit),
      depth + 1,
    )
  return sha256(concat(Uint8Array.of(1), side('0'), side('1')))
}
