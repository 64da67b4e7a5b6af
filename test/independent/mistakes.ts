import { encodeValue, type Value } from '../../protocol/codec.ts'
import { concat, unhex } from './bytes.ts'
import { members } from './history.ts'
import { anyKey, isPlaced } from './moves.ts'
import { covered, envelopeOf } from './statement.ts'
import { community, type Draft, entryOf, payloadOf, seal, sealed, type World } from './world.ts'

/** Turns what would hold into an envelope that mostly does not. */
export type Mistake = (world: World, draft: Draft) => Uint8Array

/** What one may get wrong about a statement, its signatures and its bytes; the likely ones come more than once. */
export const MISTAKES: readonly Mistake[] = [
  with_('n', ({ dice }, n) => Math.max(0, (n as number) + dice.of([-1, 1, -2, 7]))),
  with_('n', ({ dice }, n) => Math.max(0, (n as number) - 1 - dice.below(3))),
  with_('prev', ({ dice }) => dice.bytes(32)),
  with_('m', (world) => someId(world)),
  with_('for', (world) => someId(world)),
  with_('v', ({ dice }, v) => Math.max(0, (v as number) + dice.of([-1, 1]))),
  with_('k', ({ dice }) => dice.of([0, 1, 3, 17])),
  with_('slot', ({ dice }) => dice.below(5)),
  with_('room', ({ dice }) => dice.bytes(32)),
  with_('ban', ({ dice }) => dice.bytes(32)),
  with_('invite', ({ dice }) => dice.bytes(32)),
  with_('device', (world) => unhex(anyKey(world))),
  with_('root', (world) => unhex(anyKey(world))),
  with_('of', (world) => [someId(world)]),
  with_('at', ({ dice, now }) => now + dice.of([300, 360, 3600, 30, 1e12, -60 * 60])),
  with_('at', ({ now }) => now + 360),
  with_('minutes', ({ dice }) => dice.of([0, 1441, 1440])),
  twin,
  twin,
  again,
  again,
  (world, draft) => seal(world, { ...draft, signers: [anyKey(world)] }),
  (world, draft) => seal(world, { ...draft, signers: [...draft.signers, anyKey(world)] }),
  (world, draft) => seal(world, { ...draft, signers: draft.signers.slice(draft.signers.length > 1 ? 1 : 0) }),
  (world, draft) => seal(world, { ...draft, signers: [...draft.signers, world.scheme.badKey(world.dice)] }),
  (world, draft) => seal(world, { ...draft, signers: [world.scheme.badKey(world.dice)] }),
  withSignatures((signatures) => signatures.toReversed()),
  withSignatures((signatures) => [...signatures, ...signatures]),
  withSignatures((signatures, { scheme }) =>
    signatures.map((one) => ({ ...one, signature: scheme.malformed })),
  ),
  withSignatures((signatures, { dice }) =>
    signatures.map((one) => ({ ...one, signature: flipped(dice.below(32), one.signature) })),
  ),
  withSignatures((signatures) => signatures.map((one) => ({ ...one, signature: one.signature.subarray(1) }))),
  (world, draft) => sealed(world.scheme, draft, community(world), payloadOf(draft, '11'.repeat(32))),
  (world, draft) => sealed(world.scheme, draft, community(world), payloadOf(draft, undefined)),
  (world, draft) => sealed(world.scheme, draft, community(world), payloadOf(draft, '11'.repeat(31))),
  wrongFields,
  wrongFields,
  wrongFields,
  wrongType,
  wrongBytes,
  wrongBytes,
  wrongEnvelope,
]

/** Another value for a field, where the statement has it. */
function with_(field: string, wrong: (world: World, value: Value) => Value): Mistake {
  return (world, draft) => {
    const value = draft.fields[field]
    if (value === undefined) return seal(world, draft)
    return seal(world, { ...draft, fields: { ...draft.fields, [field]: wrong(world, value) } })
  }
}

type Signatures = Parameters<typeof envelopeOf>[1]

function withSignatures(wrong: (signatures: Signatures, world: World) => Signatures): Mistake {
  return (world, draft) => {
    const payload = payloadOf(draft, community(world))
    const { message } = covered(draft.type, community(world), payload)
    const keys = [...new Set(draft.signers)].sort()
    const signatures = keys.map((key) => ({ key, signature: world.scheme.sign(key, message) }))
    return envelopeOf(payload, wrong(signatures, world))
  }
}

function flipped(at: number, bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === at + 32 ? byte ^ 1 : byte))
}

function someId({ dice, reading }: World): Uint8Array {
  const everybody = members(reading.history)
  return everybody.length === 0 || dice.once(3) ? dice.bytes(32) : unhex(dice.of(everybody).id)
}

/** Another statement for a place that is taken. */
function twin(world: World, draft: Draft): Uint8Array {
  const taken = [...world.said.values()].filter(isPlaced)
  if (taken.length === 0) return seal(world, draft)
  const old = world.dice.of(taken)
  const other = { ...old, fields: { ...old.fields, at: (old.fields.at as number) + 60 } }
  if (world.dice.once(4)) return seal(world, { ...other, signers: [anyKey(world)] })
  if (world.dice.once(6))
    return withSignatures((all) => all.map((one) => ({ ...one, signature: flipped(0, one.signature) })))(
      world,
      other,
    )
  return seal(world, other)
}

/** What was given to the log before. */
function again(world: World, draft: Draft): Uint8Array {
  return world.envelopes.length === 0 ? seal(world, draft) : world.dice.of(world.envelopes)
}

const ODD: readonly Value[] = [
  0,
  1,
  2 ** 53 - 1,
  true,
  '',
  'spoke',
  new Uint8Array(31),
  new Uint8Array(33),
  [],
  [new Uint8Array(32), new Uint8Array(32)],
  {},
  { k: 1 },
]

/** One to three fields that are unknown, missing, or of another kind. */
function wrongFields(world: World, draft: Draft): Uint8Array {
  const fields: Record<string, Value> = { ...draft.fields }
  const names = Object.keys(fields)
  for (let i = world.dice.below(3); i >= 0; i--) {
    const name = world.dice.of(names)
    const how = world.dice.below(6)
    if (how === 0) fields[world.dice.of(['x', 'm', 'v', 'n', 'exp', 'prev', 'cut'])] = world.dice.of(ODD)
    else if (how < 3) delete fields[name]
    else if (how === 3) fields[name] = nested(fields[name], world)
    else fields[name] = world.dice.of(ODD)
  }
  return seal(world, { ...draft, fields })
}

/** A map or a list that is nearly right. */
function nested(value: Value | undefined, { dice }: World): Value {
  if (Array.isArray(value))
    return dice.of([value.toReversed(), [...value, ...value], value.slice(1), [...value, 7]])
  if (typeof value !== 'object' || value instanceof Uint8Array) return dice.of(ODD)
  const map = value as { readonly [key: string]: Value }
  return dice.of([
    { ...map, x: 1 },
    { ...map, k: 17 },
    { ...map, keys: [] },
    { k: 1 },
    { ...map, k: 'x', y: 1 },
  ])
}

function wrongType(world: World, draft: Draft): Uint8Array {
  const { dice, scheme } = world
  const type = dice.of([
    'genesis',
    'profile',
    'promise',
    'nothing',
    'constructor',
    'toString',
    '',
    draft.type,
  ])
  const payload = {
    ...draft.fields,
    ...dice.of<Record<string, Value>>([
      { t: type, c: unhex(community(world)) },
      { t: type },
      { t: 7, c: 1 },
      { c: 1 },
      { t: type, c: 1 },
    ]),
  }
  return sealed(scheme, { ...draft, type }, community(world), encodeValue(payload))
}

/** Payloads that are no value of the profile, or no map. */
function wrongBytes(world: World, draft: Draft): Uint8Array {
  const { dice } = world
  const payload = payloadOf(draft, community(world))
  const wrong = dice.of([
    concat(payload, Uint8Array.of(0)),
    payload.subarray(0, payload.length - 1),
    concat(Uint8Array.of(0xbf), payload.subarray(1), Uint8Array.of(0xff)),
    ...BYTES.map((text) => unhex(text)),
    withKey(payload, '6178f6'),
    withKey(payload, '6178fb3ff0000000000000'),
    withKey(payload, '617820'),
    withKey(payload, '61781bffffffffffffffff'),
    withKey(payload, '61781801'),
    withKey(payload, '617862c328'),
    withKey(payload, '6178636fcc88'),
    withKey(payload, '41780a'),
    withKey(payload, '6000'),
    withKey(payload, '6161006161'),
    withKey(payload, '6174616a'),
    withKey(payload, '61788181818181818100'),
    dice.bytes(1 + dice.below(40)),
  ])
  return sealed(world.scheme, draft, community(world), wrong)
}

const BYTES = [
  '00',
  '80',
  'a0',
  '60',
  '6161',
  'a10101',
  'a1616100',
  'a26161006161 00'.replace(' ', ''),
  'a2616100616200',
  'a2616200616100',
  'c100',
  'f4',
  '9fff',
  '1c',
  'a1617461ff',
]

/** The same map with one pair more at its end. */
function withKey(payload: Uint8Array, pair: string): Uint8Array {
  const out = concat(payload, unhex(pair))
  out[0] = (out[0] as number) + 1
  return out
}

function wrongEnvelope(world: World, draft: Draft): Uint8Array {
  const { dice } = world
  const right = seal(world, draft)
  const key = unhex(dice.of(draft.signers.length > 0 ? draft.signers : ['22'.repeat(32)]))
  const s = [{ k: key, s: new Uint8Array(64) }]
  const p = payloadOf(draft, community(world))
  return dice.of([
    right.subarray(0, right.length - 3),
    concat(right, Uint8Array.of(0)),
    dice.bytes(20),
    encodeValue({ p }),
    encodeValue({ p, s: [] }),
    encodeValue({ p, s, x: 1 }),
    encodeValue({ p: new Uint8Array(0), s }),
    encodeValue({ p: new Uint8Array(4097), s }),
    encodeValue({
      p,
      s: Array.from({ length: 17 }, (_, i) => ({ k: new Uint8Array(32).fill(i), s: new Uint8Array(64) })),
    }),
    encodeValue({ p, s: [{ k: key, s: new Uint8Array(64), x: 1 }] }),
    encodeValue({ p, s: [{ k: key }] }),
    encodeValue([p, s]),
  ])
}

/** Entries that stop the reading, and a genesis that is none. */
export function brokenEntry(world: World, envelope: Uint8Array): Uint8Array {
  const { dice, now } = world
  const entry = entryOf(now, envelope)
  return dice.of([
    entry.subarray(1),
    entry.subarray(0, 9),
    concat(entry, Uint8Array.of(0)),
    entryOf(now + 1, envelope),
    entryOf(Math.max(0, now - 60), envelope),
    encodeValue({ at: now, e: new Uint8Array(0) }),
    encodeValue({ at: now, e: new Uint8Array(5786) }),
    encodeValue({ at: now, e: new Uint8Array(5900) }),
    encodeValue({ at: now }),
    encodeValue({ at: now, e: envelope, x: 0 }),
    encodeValue([now]),
    encodeValue({ at: true, e: envelope }),
  ])
}
