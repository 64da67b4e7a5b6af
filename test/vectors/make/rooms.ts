import { DESCRIPTION, type Description, sdpDigest } from '../../../protocol/audio/description.ts'
import { DOMAIN } from '../../../protocol/domains.ts'
import { derive } from '../../../protocol/hash.ts'
import {
  type Id,
  idBytes,
  type KeyText,
  keyBytes,
  type MemberId,
  type OperationId,
} from '../../../protocol/ids.ts'
import { MAX_HEADS, MAX_LACKED, MAX_TITLE_CHARS, MAX_TOPICS } from '../../../protocol/limits.ts'
import { ANNOUNCE, type Announcement } from '../../../protocol/room/announcement.ts'
import { BEACON, type Beacon } from '../../../protocol/room/beacon.ts'
import { LEVEL } from '../../../protocol/room/level.ts'
import { ROOM } from '../../../protocol/room/opening.ts'
import { type FurtherAct, OPERATION, type Operation } from '../../../protocol/room/operation.ts'
import { INVITE_PROOF, PRESENCE, type Presence } from '../../../protocol/session.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { type Context, type EnvelopeCase, type EnvelopeFile, hex } from '../format.ts'
import type { Cast } from './cast.ts'
import { altered, commonFailures, holds, type Model, refused } from './envelopes.ts'
import type { Fields } from './raw.ts'

/** What is signed in rooms and on connections, judged against the ledger of the cast. */
export async function roomFiles(people: Cast): Promise<Readonly<Record<string, EnvelopeFile>>> {
  const file = (type: string, spec: string, cases: readonly EnvelopeCase[]): EnvelopeFile => ({
    type,
    spec,
    community: hex(idBytes(people.founded.community)),
    ledger: people.ledger,
    cases,
  })
  return {
    presence: file('presence', '§5.5', await presences(people)),
    'invite-proof': file('invite-proof', '§5.6', await proofs(people)),
    room: file('room', '§7.1', await openings(people)),
    operation: file('op', '§7.3', await operations(people)),
    beacon: file('beacon', '§7.5', await beacons(people)),
    announcement: file('announce', '§7.6', await announcements(people)),
    description: file('description', '§8.1', await descriptions(people)),
  }
}

export const ALICE_SESSION = 'Alice session'
export const BOB_SESSION = 'Bob session'
export const session = (label: string): KeyText => signerOf(label).publicKey
export const hexKey = (label: string): string => hex(keyBytes(session(label)))

export type Change = Parameters<typeof altered>[1]

/** Makes refused cases of a model. */
export function refusing<T>(model: Model<T>) {
  return async (
    name: string,
    rule: string,
    reason: string,
    change: Change,
    context?: Context,
    signers?: readonly string[],
  ) =>
    refused(
      name,
      rule,
      reason,
      await altered(model, change, signers?.map(signerOf)),
      context ?? model.context,
    )
}

async function presences({ founded, bob, now }: Cast): Promise<readonly EnvelopeCase[]> {
  const context = { now, peer: hexKey(BOB_SESSION) }
  const payload: Presence = {
    m: bob.member,
    device: bob.device.publicKey,
    peer: session(BOB_SESSION),
    addrs: ['/dns4/relay.example/tcp/443/wss', '/ip4/127.0.0.1/tcp/8080/ws'],
    at: now,
    exp: now + 600,
  }
  const model: Model<Presence> = {
    kind: PRESENCE,
    community: founded.community,
    payload,
    seeds: [bytesOf('Bob device'), bytesOf(BOB_SESSION)],
    context,
    rule: 'PRES-1',
  }
  const no = refusing(model)
  const same: Change = (good) => good
  return [
    await holds('a presence', model),
    await holds('in its last second', { ...model, context: { ...context, now: now + 600 } }),
    await holds('from a clock five minutes ahead', { ...model, context: { ...context, now: now - 300 } }),
    await holds('from a clock five minutes behind', { ...model, context: { ...context, now: now + 900 } }),
    ...(await commonFailures(model)),
    await no('a second too late', 'PRES-2', 'expired', same, { ...context, now: now + 901 }),
    await no('from a clock further ahead', 'PRES-2', 'not-yet-valid', same, { ...context, now: now - 301 }),
    await no('longer than a quarter of an hour', 'PRES-2', 'expired', (good) => ({
      ...good,
      exp: now + 901,
    })),
    await no('of no length', 'PRES-2', 'expired', (good) => ({ ...good, exp: now })),
    await no('ends before it begins', 'PRES-2', 'expired', (good) => ({ ...good, exp: now - 1 })),
    await no('another session’s', 'PRES-3', 'wrong-peer', same, {
      ...context,
      peer: hexKey('Mallory session'),
    }),
    await no('a session that did not sign', 'PRES-1', 'signer-missing', same, context, ['Bob device']),
    await no('a device that did not sign', 'PRES-1', 'signer-missing', same, context, [BOB_SESSION]),
    await no(
      'the device of a stranger',
      'PRES-4',
      'not-member',
      (good) => ({ ...good, device: keyBytes(session('Mallory device')) }),
      context,
      ['Mallory device', BOB_SESSION],
    ),
    await no(
      'the device of another member',
      'PRES-4',
      'not-member',
      (good) => ({ ...good, device: keyBytes(session('Alice device')) }),
      context,
      ['Alice device', BOB_SESSION],
    ),
    await no(
      'the device as its own session',
      'PRES-4',
      'signer-unexpected',
      (good) => ({ ...good, peer: good.device as Uint8Array }),
      { now },
      ['Bob device'],
    ),
    await no('an address that is none', 'SCHEMA-2', 'field-invalid', (good) => ({
      ...good,
      addrs: ['relay.example'],
    })),
    await no('an address that ends in a slash', 'SCHEMA-2', 'field-invalid', (good) => ({
      ...good,
      addrs: ['/dns4/'],
    })),
    await no('nine addresses', 'SCHEMA-2', 'field-invalid', (good) => ({
      ...good,
      addrs: Array(9).fill('/ip4/127.0.0.1'),
    })),
  ]
}

async function proofs({ founded, invitation, now }: Cast): Promise<readonly EnvelopeCase[]> {
  const context = { now, peer: hexKey('Carol session'), relay: hexKey('relay') }
  const payload = {
    key: invitation.signer.publicKey,
    peer: session('Carol session'),
    relay: session('relay'),
    at: now,
    exp: now + 300,
  }
  const model: Model<typeof payload> = {
    kind: INVITE_PROOF,
    community: founded.community,
    payload,
    seeds: [derive(invitation.seed, idBytes(founded.community), DOMAIN.invitation)],
    context,
    rule: 'PROOF-1',
  }
  const no = refusing(model)
  const same: Change = (good) => good
  return [
    await holds('a proof', model),
    ...(await commonFailures(model)),
    await no('at another relay', 'PROOF-2', 'wrong-peer', same, {
      ...context,
      relay: hexKey('another relay'),
    }),
    await no('by another session', 'PROOF-2', 'wrong-peer', same, {
      ...context,
      peer: hexKey('Mallory session'),
    }),
    await no('too late', 'PROOF-3', 'expired', same, { ...context, now: now + 601 }),
    await no('too early', 'PROOF-3', 'not-yet-valid', same, { ...context, now: now - 301 }),
    await no('longer than ten minutes', 'PROOF-3', 'expired', (good) => ({ ...good, exp: now + 601 })),
    await no('without the seed', 'PROOF-1', 'signer-unexpected', same, context, ['Mallory device']),
  ]
}

async function openings({ founded, opening }: Cast): Promise<readonly EnvelopeCase[]> {
  const { payload } = opening
  const model: Model<typeof payload> = {
    kind: ROOM,
    community: founded.community,
    payload,
    seeds: [bytesOf('Alice device')],
    optional: ['start'],
    rule: 'OPEN-1',
  }
  const no = refusing(model)
  const signedBy = (label: string) =>
    no(`signed by the device of ${label}`, 'OPEN-2', 'not-member', (good) => good, undefined, [
      `${label} device`,
    ])
  return [
    await holds('a room', model),
    await holds('a private room, announced ahead', {
      ...model,
      payload: { ...payload, vis: 'private', hands: 'members', start: payload.at + 7201 },
    }),
    await holds('a room without topics, in a plain language', {
      ...model,
      payload: { ...payload, topics: [], lang: 'en', hands: 'nobody', vis: 'members' },
    }),
    ...(await commonFailures(model)),
    await signedBy('Bob'),
    await signedBy('Mallory'),
    await no('no title', 'SCHEMA-3', 'field-invalid', (good) => ({ ...good, title: '' })),
    await no('a title too long', 'SCHEMA-3', 'field-invalid', (good) => ({
      ...good,
      title: 'x'.repeat(MAX_TITLE_CHARS + 1),
    })),
    await no('six topics', 'OPEN-1', 'field-invalid', (good) => ({
      ...good,
      topics: Array(MAX_TOPICS + 1).fill('trees'),
    })),
    await no('a language that is none', 'OPEN-1', 'field-invalid', (good) => ({ ...good, lang: 'French' })),
    await no('an unknown visibility', 'OPEN-1', 'field-invalid', (good) => ({ ...good, vis: 'hidden' })),
    await no('an unknown rule for hands', 'OPEN-1', 'field-invalid', (good) => ({
      ...good,
      hands: 'friends',
    })),
  ]
}

async function operations({ founded, alice, bob, room, now }: Cast): Promise<readonly EnvelopeCase[]> {
  const head = (label: string) => Buffer.from(bytesOf(label)).toString('base64url') as OperationId
  const heads = ['one', 'two'].map(head).sort((a, b) => Buffer.compare(idBytes(a), idBytes(b)))
  const payload: Operation = {
    r: room,
    m: alice.member,
    n: 0,
    heads: [],
    k: 'grant',
    at: now,
    to: bob.member,
    level: LEVEL.speaker,
  }
  const model: Model<Operation> = {
    kind: OPERATION,
    community: founded.community,
    payload,
    seeds: [bytesOf('Alice device')],
    rule: 'OP-1',
  }
  const of = (change: Partial<Operation>): Model<Operation> => {
    const { to: _to, level: _level, ...bare } = payload
    return { ...model, payload: { ...bare, ...change } }
  }
  const end = of({ k: 'end' })
  const epoch = of({ k: 'epoch', epoch: 1, hash: bytesOf('secret'), audience: bytesOf('audience') })
  const bundle = of({
    k: 'mute',
    to: bob.member,
    also: [{ k: 'mute', to: bob.member, why: 'spam' }, { k: 'lock' }],
  })
  const why = { why: 'abuse', note: 'Enough.' } as const
  const everyAct = of({
    k: 'grant',
    to: bob.member,
    level: LEVEL.speaker,
    also: [
      { k: 'grant', to: bob.member, level: LEVEL.moderator },
      { k: 'lower', to: bob.member, why: 'away' },
      { k: 'mute', to: bob.member, ...why },
      { k: 'unmute', to: bob.member },
      { k: 'remove', to: bob.member, ...why },
      { k: 'ban', to: bob.member, ...why },
      { k: 'unban', to: bob.member },
      { k: 'admit', to: bob.member },
      { k: 'revoke', to: bob.member, ...why },
      { k: 'lock' },
      { k: 'unlock' },
      { k: 'set', title: 'Another title', topics: [], lang: 'fr', link: '', hands: 'nobody' },
    ],
  })
  const mutes = (count: number) => Array(count).fill({ k: 'mute', to: bob.member }) as FurtherAct[]
  const no = refusing(model)
  return [
    await holds('an offer of the stage', model),
    await holds('an offer to moderate', {
      ...model,
      payload: { ...payload, level: LEVEL.moderator, n: 1, heads: [heads[0] as OperationId] },
    }),
    await holds('an acceptance', of({ k: 'accept', ref: heads[0] as OperationId, heads })),
    await holds('a step down', of({ k: 'lower', to: alice.member })),
    await holds('somebody lowered who fell silent', of({ k: 'lower', to: bob.member, why: 'away' })),
    await holds('a mute', of({ k: 'mute', to: bob.member })),
    await holds('the end of a mute', of({ k: 'unmute', to: bob.member })),
    await holds('the end', end),
    await holds('the end, with a reason', of({ k: 'end', why: 'abuse', note: 'It is late.' })),
    await holds('a hand-over', of({ k: 'hand', to: bob.member })),
    await holds('a removal', of({ k: 'remove', to: bob.member, why: 'spam', note: 'Advertisements.' })),
    await holds('a ban', of({ k: 'ban', to: bob.member, why: 'illegal' })),
    await holds('the end of a ban', of({ k: 'unban', to: bob.member })),
    await holds('an admission', of({ k: 'admit', to: bob.member })),
    await holds('an admission taken back', of({ k: 'revoke', to: bob.member, why: 'fake' })),
    await holds('a lock', of({ k: 'lock' })),
    await holds('the end of a lock', of({ k: 'unlock' })),
    await holds('a checkpoint', of({ k: 'checkpoint', heads })),
    await holds('every setting', {
      ...of({
        k: 'set',
        title: 'Another title',
        topics: ['music', 'late'],
        lang: 'fr-CA',
        link: 'https://example.org/notes',
        hands: 'nobody',
      }),
    }),
    await holds('no topics, and no link any more', of({ k: 'set', topics: [], link: '' })),
    await holds('an epoch', epoch),
    await holds('a bundle', bundle),
    await holds('a bundle of every act that may be in one', everyAct),
    await holds('a bundle of thirty-two, with the last numbers that there are', {
      ...bundle,
      payload: { ...bundle.payload, n: 16_352, also: mutes(31) },
    }),
    ...(await commonFailures(model)),
    ...(await bundleFailures(of, bundle, everyAct)),
    await refusing(of({ k: 'ban', to: bob.member, why: 'spam' }))(
      'a ban without a reason',
      'OP-2',
      'field-missing',
      ({ why: _why, ...rest }) => rest,
    ),
    await refusing(of({ k: 'ban', to: bob.member, why: 'spam' }))(
      'a ban for a reason that there is not',
      'OP-1',
      'field-invalid',
      (good) => ({ ...good, why: 'because' }),
    ),
    await refusing(of({ k: 'ban', to: bob.member, why: 'spam' }))(
      'a ban of somebody because they fell silent',
      'OP-2',
      'field-invalid',
      (good) => ({ ...good, why: 'away' }),
    ),
    await refusing(of({ k: 'unban', to: bob.member }))(
      'the end of a ban, with words',
      'OP-2',
      'field-unknown',
      (good) => ({ ...good, note: 'Welcome back.' }),
    ),
    await refusing(of({ k: 'remove', to: bob.member, why: 'spam' }))(
      'a removal with 201 characters',
      'OP-1',
      'field-invalid',
      (good) => ({ ...good, note: 'a'.repeat(201) }),
    ),
    await refusing(of({ k: 'set', title: 'A title' }))(
      'a setting of nothing',
      'OP-2',
      'field-missing',
      ({ title: _title, ...rest }) => rest,
    ),
    await refusing(of({ k: 'set', link: '' }))(
      'a link that is not encrypted',
      'OP-1',
      'field-invalid',
      (good) => ({ ...good, link: 'http://example.org/' }),
    ),
    await refusing(epoch)('an epoch of no number', 'OP-1', 'field-invalid', (good) => ({
      ...good,
      epoch: 0,
    })),
    await refusing(epoch)(
      'an epoch without an audience',
      'OP-2',
      'field-missing',
      ({ audience: _audience, ...rest }) => rest,
    ),
    await refusing(epoch)('a hash of 31 bytes', 'OP-1', 'field-invalid', (good) => ({
      ...good,
      hash: new Uint8Array(31),
    })),
    await no('a number that no device comes to', 'OP-5', 'field-invalid', (good) => ({ ...good, n: 16_384 })),
    await no('signed by another member’s device', 'OP-3', 'not-member', (good) => good, undefined, [
      'Bob device',
    ]),
    await no('an offer with a reference', 'OP-2', 'field-unknown', (good) => ({
      ...good,
      ref: idBytes(heads[0] as OperationId),
    })),
    await refusing(end)('an end of somebody', 'OP-2', 'field-unknown', (good) => ({
      ...good,
      to: idBytes(bob.member),
    })),
    await refusing(of({ k: 'accept', ref: heads[0] as OperationId }))(
      'an acceptance of nothing',
      'OP-2',
      'field-missing',
      ({ ref: _ref, ...rest }) => rest,
    ),
    await refusing(of({ k: 'mute', to: bob.member }))(
      'a mute with a level',
      'OP-2',
      'field-unknown',
      (good) => ({ ...good, level: LEVEL.speaker }),
    ),
    await no('an unknown act', 'OP-1', 'field-invalid', (good) => ({ ...good, k: 'praise' })),
    await no('a level that nobody can be given', 'OP-1', 'field-invalid', (good) => ({
      ...good,
      level: LEVEL.creator,
    })),
    await no('a level that there is not', 'OP-1', 'field-invalid', (good) => ({ ...good, level: 50 })),
    await no('heads out of order', 'SCHEMA-4', 'field-invalid', (good) => ({
      ...good,
      heads: heads.toReversed().map(idBytes),
    })),
    await no('a head twice', 'SCHEMA-4', 'field-invalid', (good) => ({
      ...good,
      heads: [idBytes(heads[0] as OperationId), idBytes(heads[0] as OperationId)],
    })),
    await no('17 heads', 'OP-1', 'field-invalid', (good) => ({
      ...good,
      heads: Array.from({ length: MAX_HEADS + 1 }, (_, i) => new Uint8Array(32).fill(i)),
    })),
  ]
}

function lacked(count: number): readonly KeyText[] {
  return Array.from({ length: count }, (_, i) => session(`Speaker ${i} session`))
}

/** OP-8: what is no bundle. */
async function bundleFailures(
  of: (change: Partial<Operation>) => Model<Operation>,
  bundle: Model<Operation>,
  everyAct: Model<Operation>,
): Promise<readonly EnvelopeCase[]> {
  const to = bytesOf('somebody')
  const holding = (name: string, rule: string, reason: string, ...also: readonly Fields[]) =>
    refusing(bundle)(name, rule, reason, (good) => ({ ...good, also }))
  const lock = { k: 'lock' }
  const others: readonly (readonly [string, Partial<Operation> & Pick<Operation, 'k'>, Fields])[] = [
    ['a hand-over', { k: 'hand', to: bundle.payload.to as MemberId }, { k: 'hand', to }],
    ['an acceptance', { k: 'accept', ref: bundle.payload.r as Id as OperationId }, { k: 'accept', ref: to }],
    [
      'an epoch',
      { k: 'epoch', epoch: 1, hash: to, audience: to },
      { k: 'epoch', epoch: 1, hash: to, audience: to },
    ],
    ['a checkpoint', { k: 'checkpoint' }, { k: 'checkpoint' }],
    ['an end', { k: 'end' }, { k: 'end' }],
  ]
  const cases = [
    await holding('a bundle of one, spelt otherwise', 'OP-8', 'field-invalid'),
    await holding('a bundle of thirty-three', 'OP-8', 'field-invalid', ...Array(32).fill(lock)),
    await refusing(bundle)('further acts that are no list', 'OP-8', 'field-invalid', (good) => ({
      ...good,
      also: lock,
    })),
    await refusing(bundle)('a number too many', 'OP-5', 'field-invalid', (good) => ({ ...good, n: 16_382 })),
    await holding('an act of no kind in a bundle', 'OP-8', 'field-missing', { to }),
    await holding('an act of an unknown kind in a bundle', 'OP-8', 'field-invalid', { k: 'shout', to }),
    await holding('a bundle in a bundle', 'OP-8', 'field-unknown', { ...lock, also: [lock] }),
    await holding('a number of an act’s own', 'OP-8', 'field-unknown', { ...lock, n: 1 }),
    await holding('a member of an act’s own', 'OP-8', 'field-unknown', { ...lock, m: to }),
    await holding('a time of an act’s own', 'OP-8', 'field-unknown', { ...lock, at: 1 }),
    await holding('a field that is not of the act, in a bundle', 'OP-2', 'field-unknown', { ...lock, to }),
    await holding('the second of two without what it needs', 'OP-2', 'field-missing', lock, { k: 'ban', to }),
    await holding('a setting of nothing, in a bundle', 'OP-2', 'field-missing', { k: 'set' }),
    await holding('a ban of somebody because they fell silent, in a bundle', 'OP-2', 'field-invalid', {
      k: 'ban',
      to,
      why: 'away',
    }),
    await refusing(everyAct)(
      'a first act without what it needs',
      'OP-2',
      'field-missing',
      ({ to: _to, ...rest }) => rest,
    ),
  ]
  for (const [name, alone, among] of others)
    cases.push(
      await refusing(of(alone))(`${name} with more beside it`, 'OP-8', 'field-unknown', (good) => ({
        ...good,
        also: [lock],
      })),
      await holding(`${name} in a bundle`, 'OP-8', 'field-invalid', among),
    )
  return cases
}

async function beacons({ founded, bob, room, now }: Cast): Promise<readonly EnvelopeCase[]> {
  const payload = {
    r: room,
    m: bob.member,
    peer: session(BOB_SESSION),
    seq: now * 1000,
    here: true,
    hand: 0,
    mic: 'none',
    speak: false,
  } as const
  const model: Model<Beacon> = {
    kind: BEACON,
    community: founded.community,
    payload,
    seeds: [bytesOf('Bob device')],
    optional: ['react', 'relay', 'hides', 'lacks'],
    rule: 'BEACON-1',
  }
  const no = refusing(model)
  return [
    await holds('in the audience', model),
    await holds('with a hand up', { ...model, payload: { ...payload, hand: now - 5 } }),
    await holds('on the stage, speaking', { ...model, payload: { ...payload, mic: 'open', speak: true } }),
    await holds('a goodbye', { ...model, payload: { ...payload, here: false } }),
    await holds('with a reaction of this moment', {
      ...model,
      payload: { ...payload, react: { k: 'clap', ago: 0 } },
    }),
    await holds('with the oldest reaction', {
      ...model,
      payload: { ...payload, react: { k: 'wow', ago: 5000 } },
    }),
    await holds('of who hears over a relay', {
      ...model,
      payload: { ...payload, relay: session(ALICE_SESSION) },
    }),
    await holds('of who hides their address', { ...model, payload: { ...payload, hides: true } }),
    await holds('of who lacks as many voices as can be said', {
      ...model,
      payload: { ...payload, relay: session(ALICE_SESSION), lacks: lacked(MAX_LACKED) },
    }),
    ...(await commonFailures(model)),
    await no('an address that is said not to be hidden', 'BEACON-10', 'field-invalid', (good) => ({
      ...good,
      hides: false,
    })),
    await no('a list of voices that are lacked, without any', 'BEACON-11', 'field-invalid', (good) => ({
      ...good,
      lacks: [],
    })),
    await no('more voices that are lacked than can be said', 'BEACON-11', 'field-invalid', (good) => ({
      ...good,
      lacks: lacked(MAX_LACKED + 1),
    })),
    await no('a reaction that nobody knows', 'BEACON-6', 'field-invalid', (good) => ({
      ...good,
      react: { k: 'boo', ago: 0 },
    })),
    await no('a reaction that has faded', 'BEACON-6', 'field-invalid', (good) => ({
      ...good,
      react: { k: 'clap', ago: 5001 },
    })),
    await no('a reaction of no time', 'BEACON-6', 'field-missing', (good) => ({
      ...good,
      react: { k: 'clap' },
    })),
    await no('signed by another member’s device', 'BEACON-1', 'not-member', (good) => good, undefined, [
      'Alice device',
    ]),
    await no('an unknown microphone', 'BEACON-1', 'field-invalid', (good) => ({ ...good, mic: 'hot' })),
  ]
}

async function announcements({
  founded,
  alice,
  bob,
  room,
  opening,
  now,
}: Cast): Promise<readonly EnvelopeCase[]> {
  const payload: Announcement = {
    r: room,
    m: alice.member,
    peer: session(ALICE_SESSION),
    seq: now * 1000,
    opening: opening.bytes,
    people: 2,
    here: [
      { m: alice.member, stage: true },
      { m: bob.member, stage: false },
    ],
  }
  const model: Model<Announcement> = {
    kind: ANNOUNCE,
    community: founded.community,
    payload,
    seeds: [bytesOf('Alice device')],
    optional: ['end'],
    rule: 'ANN-1',
  }
  const no = refusing(model)
  return [
    await holds('a room with two people', model),
    await holds('a room that nobody is named in', { ...model, payload: { ...payload, here: [] } }),
    ...(await commonFailures(model)),
    await no('signed by another member’s device', 'ANN-1', 'not-member', (good) => good, undefined, [
      'Bob device',
    ]),
    await no('an opening of 2,049 bytes', 'ANN-1', 'field-invalid', (good) => ({
      ...good,
      opening: new Uint8Array(2049),
    })),
    await no('more people than a room can hold', 'ANN-1', 'field-invalid', (good) => ({
      ...good,
      people: 1_000_001,
    })),
    await no('13 people named', 'ANN-1', 'field-invalid', (good) => ({
      ...good,
      here: Array.from({ length: 13 }, () => ({ m: idBytes(bob.member), stage: false })),
    })),
    await no('a person with more said of them', 'SCHEMA-1', 'field-unknown', (good) => ({
      ...good,
      here: [{ m: idBytes(bob.member), stage: false, hand: 1 }],
    })),
  ]
}

export const FINGERPRINT = Array.from({ length: 32 }, (_, i) => i + 160)
export const hexPairs = (bytes: readonly number[]) =>
  bytes.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':')
export const SDP = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  `a=fingerprint:sha-256 ${hexPairs(FINGERPRINT)}`,
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  `a=fingerprint:SHA-256 ${hexPairs(FINGERPRINT).toLowerCase()}`,
  'a=setup:actpass',
  '',
].join('\r\n')

async function descriptions({ founded, bob, room, now }: Cast): Promise<readonly EnvelopeCase[]> {
  const context: Context = {
    now,
    sdp: SDP,
    room: hex(idBytes(room)),
    epoch: 0,
    member: hex(idBytes(bob.member)),
    from: hexKey(BOB_SESSION),
    to: hexKey(ALICE_SESSION),
    last: 0,
  }
  const payload = {
    r: room,
    epoch: 0,
    m: bob.member,
    from: session(BOB_SESSION),
    to: session(ALICE_SESSION),
    kind: 'offer' as const,
    fp: Uint8Array.from(FINGERPRINT),
    sdp: sdpDigest(SDP),
    n: 1,
    at: now,
    exp: now + 60,
  }
  const model: Model<Description> = {
    kind: DESCRIPTION,
    community: founded.community,
    payload,
    seeds: [bytesOf('Bob device')],
    context,
    rule: 'DESC-1',
  }
  const no = refusing(model)
  const same: Change = (good) => good
  /** Signed over this session description, which comes with it. */
  const sdp = (name: string, text: string) =>
    no(name, 'DESC-4', 'wrong-fingerprint', (good) => ({ ...good, sdp: sdpDigest(text) }), {
      ...context,
      sdp: text,
    })
  const other = `a=fingerprint:sha-256 ${hexPairs(FINGERPRINT.toReversed())}`
  return [
    await holds('an offer', model),
    await holds('the first on its link', {
      ...model,
      payload: { ...payload, n: 0 },
      context: { ...context, last: -1 },
    }),
    ...(await commonFailures(model)),
    await no('for another room', 'DESC-2', 'foreign-room', same, {
      ...context,
      room: hex(bytesOf('another room')),
    }),
    await no('from another session', 'DESC-2', 'wrong-peer', same, {
      ...context,
      from: hexKey('Mallory session'),
    }),
    await no('to another session', 'DESC-2', 'wrong-peer', same, {
      ...context,
      to: hexKey('Mallory session'),
    }),
    await no('of another member', 'DESC-2', 'wrong-peer', same, {
      ...context,
      member: hex(bytesOf('Mallory')),
    }),
    await no('of another epoch', 'DESC-2', 'stale', same, { ...context, epoch: 1 }),
    await no('taken before', 'DESC-2', 'stale', same, { ...context, last: 1 }),
    await no('too late', 'DESC-3', 'expired', same, { ...context, now: now + 361 }),
    await no('too early', 'DESC-3', 'not-yet-valid', same, { ...context, now: now - 301 }),
    await no('longer than two minutes', 'DESC-3', 'expired', (good) => ({ ...good, exp: now + 121 })),
    await no('another session description', 'DESC-4', 'wrong-description', same, {
      ...context,
      sdp: `${SDP}a=candidate:1\r\n`,
    }),
    await no('another fingerprint than the description’s', 'DESC-4', 'wrong-fingerprint', (good) => ({
      ...good,
      fp: new Uint8Array(32),
    })),
    await sdp('no fingerprint', SDP.replaceAll(/a=fingerprint.*\r\n/gi, '')),
    await sdp('two fingerprints', `${SDP}${other}\r\n`),
    await sdp('two fingerprints, the last of them the one that was signed', `${other}\r\n${SDP}`),
    await sdp(
      'a fingerprint of another hash beside it',
      `${SDP}a=fingerprint:sha-1 ${hexPairs(FINGERPRINT.slice(0, 20))}\r\n`,
    ),
    await sdp('a fingerprint after a lone carriage return', `${SDP}a=x\r${other}\r\n`),
    await no('signed by another member’s device', 'DESC-1', 'not-member', same, context, ['Alice device']),
    await no('neither offer nor answer', 'DESC-1', 'field-invalid', (good) => ({
      ...good,
      kind: 'rollback',
    })),
  ]
}
