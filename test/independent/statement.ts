import { decodeValue, encodeValue, type Value } from '../../protocol/codec.ts'
import { ascii, concat, hex, sha256, unhex } from './bytes.ts'
import { no, type Outcome, yes } from './outcome.ts'
import {
  bytes,
  flag,
  id,
  isMap,
  key,
  line,
  list,
  map,
  maybe,
  minute,
  oneOf,
  type Read,
  readMap,
  type Shape,
  set,
  uint,
} from './shape.ts'

const why = oneOf('spam', 'abuse', 'fake', 'illegal', 'other')
const quorum = map({ k: uint(0, 16), keys: set(key, 0, 16) })
const chained = { n: uint(), prev: id, at: minute }

/** SPEC POL-1, `mode` aside. */
export const POLICY_NUMBERS = [
  'founder-slots',
  'first-slots',
  'more-slots',
  'opening-days',
  'wait-days',
  'claim-days',
  'claim-attesters',
  'claim-rooms',
  'claim-minutes',
  'claim-outside',
  'answer-days',
  'ban-points',
  'fade-days',
  'slot-points',
  'pause-points',
  'undo-hours',
] as const

const numbers = Object.fromEntries(
  POLICY_NUMBERS.map((name) => [name, uint(0, 1_000_000)]),
) as unknown as Record<(typeof POLICY_NUMBERS)[number], ReturnType<typeof uint>>

/** Every statement's fields as in SPEC, in its order, `t` and `c` aside. */
export const SHAPES = {
  genesis: {
    name: line(80),
    nonce: bytes(32),
    founders: set(key, 1, 16),
    council: map({ k: uint(1, 16), keys: set(key, 1, 16) }),
    log: key,
    witnesses: quorum,
    policy: map({ mode: oneOf('default', 'open', 'strict'), ...numbers }),
    at: minute,
  },
  identity: { root: key, profile: bytes(32), n: uint(0, 0), at: minute },
  'device-add': { m: id, device: key, ...chained },
  'device-remove': { m: id, device: key, ...chained },
  guardians: { m: id, k: uint(1, 16), of: set(id, 1, 16), ...chained },
  'root-rotate': { m: id, root: key, ...chained },
  recover: { m: id, root: key, at: minute },
  invite: {
    m: id,
    n: uint(),
    prev: id,
    slot: uint(),
    key,
    at: minute,
    exp: maybe(minute),
    for: maybe(key),
  },
  join: {
    invite: id,
    identity: bytes(1, 1024),
    device: bytes(1, 1024),
    n: uint(0, 0),
    prev: id,
    at: minute,
  },
  'invite-void': {
    m: maybe(id),
    v: maybe(uint()),
    invite: id,
    n: maybe(uint()),
    prev: maybe(id),
    at: minute,
  },
  repudiate: { m: id, invite: id, ...chained },
  vouch: { m: id, for: id, ...chained },
  leave: { m: id, ...chained },
  erase: { m: id, ...chained },
  'room-open': { m: id, room: id, title: bytes(32), ...chained },
  'room-end': { m: id, room: id, ...chained },
  attest: { m: id, for: id, room: id, minutes: uint(1, 1440), as: oneOf('spoke', 'hosted'), ...chained },
  claim: { m: id, refs: set(id, 1, 32), ...chained },
  certify: { m: id, for: id, on: flag, ...chained },
  report: { m: id, sealed: bytes(1, 2560), ...chained },
  appeal: { m: id, sealed: bytes(1, 2560), ...chained },
  notice: { v: uint(), m: id, why, at: minute },
  ban: { v: uint(), m: id, why, at: minute, note: maybe(bytes(32)), cut: maybe(uint()) },
  unban: { v: uint(), ban: id, at: minute },
  council: { v: uint(), k: uint(1, 16), keys: set(key, 1, 16), at: minute },
  stewards: { v: uint(), of: set(id, 0, 16), at: minute },
  'log-rotate': { v: uint(), log: key, at: minute, witnesses: maybe(quorum) },
  equivocation: { a: bytes(1, 1900), b: bytes(1, 1900), at: minute },
  leak: { join: bytes(1, 3500), at: minute },
  'log-fork': { evidence: bytes(1, 3500), at: minute },
} as const satisfies Record<string, Shape>

export type StatementType = keyof typeof SHAPES
export type Fields<T extends StatementType> = Read<(typeof SHAPES)[T]>
export type Genesis = Fields<'genesis'>

/** One statement as it was read. `identity` and `device` are what a join carries. */
export type Statement<T extends StatementType = StatementType> = T extends StatementType
  ? {
      readonly type: T
      readonly id: string
      readonly fields: Fields<T>
      /** What each signature covers (ENV-8). */
      readonly message: Uint8Array
      readonly signatures: readonly Signature[]
      readonly inner?: { readonly identity: Statement<'identity'>; readonly device: Statement<'device-add'> }
    }
  : never

export interface Signature {
  readonly key: string
  readonly signature: Uint8Array
}

/** ENV-6: the community that a genesis is hashed and signed with. */
export const NOWHERE = '00'.repeat(32)

const ENVELOPE = {
  p: bytes(1, 4096),
  s: list(map({ k: key, s: bytes(64) }), 1, 16),
}

/** DOMAIN-2. */
function separated(domain: 'id' | 'signature', type: string, community: string, payload: Uint8Array) {
  return concat(
    ascii(`palabre/v1/${domain}\0`),
    Uint8Array.of(type.length),
    ascii(type),
    unhex(community),
    payload,
  )
}

/** Opens an envelope of any type of the ledger, in the order of ENV-10, up to what JOIN-3 says. */
export function openStatement(
  community: string,
  envelope: Uint8Array,
  expected?: StatementType,
): Outcome<Statement> {
  const outer = decodeValue(envelope, 5785)
  if (!outer.ok) return no(outer.reason)
  const parts = readMap(ENVELOPE, outer.value)
  if (!parts.ok) return parts
  const signatures = parts.value.s.map((one) => ({ key: one.k, signature: unhex(one.s) }))
  if (signatures.some((one, i) => i > 0 && (signatures[i - 1] as Signature).key >= one.key))
    return no('signers-unordered')
  const payload = unhex(parts.value.p)
  const value = decodeValue(payload, 4096)
  if (!value.ok) return no(value.reason)
  if (!isMap(value.value)) return no('field-invalid')
  const { t, c, ...rest } = value.value
  if (t === undefined) return no('field-missing')
  if (typeof t !== 'string' || Buffer.byteLength(t) > 255) return no('field-invalid')
  if (expected !== undefined && t !== expected) return no('unknown-type')
  if (expected === undefined && t === 'genesis') return no('genesis-repeated')
  if (!Object.hasOwn(SHAPES, t)) return no('unknown-type')
  const type = t as StatementType
  if (type === 'genesis') {
    if (c !== undefined) return no('field-unknown')
  } else {
    if (c === undefined) return no('field-missing')
    if (!(c instanceof Uint8Array) || c.length !== 32) return no('field-invalid')
    if (hex(c) !== community) return no('foreign-community')
  }
  const fields = type === 'invite-void' ? readInviteVoid(rest) : readMap<Shape>(SHAPES[type], rest)
  if (!fields.ok) return fields
  const where = type === 'genesis' ? NOWHERE : community
  const statement = {
    type,
    id: hex(sha256(separated('id', type, where, payload))),
    fields: fields.value,
    message: separated('signature', type, where, payload),
    signatures,
  } as Statement
  return statement.type === 'join' ? openJoin(community, statement) : yes(statement)
}

/** SCHEMA-5: by a sponsor, or by the council. */
function readInviteVoid(value: Value): Outcome<Fields<'invite-void'>> {
  const { m, n, prev, v, ...both } = SHAPES['invite-void']
  const read = readMap({ ...both, m, n, prev, v }, value)
  if (!read.ok) return read
  const has = (...names: readonly ('m' | 'n' | 'prev' | 'v')[]): readonly boolean[] =>
    names.map((name) => read.value[name] !== undefined)
  const council = has('v').includes(true)
  if (!council) return has('m', 'n', 'prev').includes(false) ? no('field-missing') : read
  return has('m', 'n', 'prev').includes(true) ? no('field-unknown') : read
}

/** JOIN-3. */
function openJoin(community: string, join: Statement<'join'>): Outcome<Statement> {
  const identity = openStatement(community, unhex(join.fields.identity), 'identity')
  if (!identity.ok) return identity
  const device = openStatement(community, unhex(join.fields.device), 'device-add')
  if (!device.ok) return device
  const inner = {
    identity: identity.value as Statement<'identity'>,
    device: device.value as Statement<'device-add'>,
  }
  if (inner.device.fields.m !== inner.identity.id) return no('member-unknown')
  if (inner.device.fields.n !== 1) return no('sequence-wrong')
  if (inner.device.fields.prev !== inner.identity.id) return no('previous-wrong')
  if (join.fields.prev !== inner.device.id) return no('previous-wrong')
  return yes({ ...join, inner })
}

/** What LEDGER-4 asks beside §4.1 and JOIN-3: what is `field-invalid` in ROOT-3, COUNCIL-1 and ROTATE-1. */
export function aloneWrong(statement: Statement): string | undefined {
  switch (statement.type) {
    case 'guardians':
      return statement.fields.k > statement.fields.of.length ? 'field-invalid' : undefined
    case 'council':
      return statement.fields.k > statement.fields.keys.length ? 'field-invalid' : undefined
    case 'log-rotate': {
      const { witnesses } = statement.fields
      return witnesses && witnesses.k > witnesses.keys.length ? 'field-invalid' : undefined
    }
    default:
      return undefined
  }
}

/** What `payloadBytes` of this type would be known as, and what its signers sign. */
export function covered(type: string, community: string, payload: Uint8Array) {
  return {
    id: hex(sha256(separated('id', type, community, payload))),
    message: separated('signature', type, community, payload),
  }
}

/** The envelope of a payload with these signatures, in whatever order they stand. */
export function envelopeOf(payload: Uint8Array, signatures: readonly Signature[]): Uint8Array {
  return encodeValue({ p: payload, s: signatures.map((one) => ({ k: unhex(one.key), s: one.signature })) })
}
