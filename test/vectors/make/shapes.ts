import { APPEAL } from '../../../protocol/community/appeal.ts'
import { ATTEST, CLAIM } from '../../../protocol/community/attest.ts'
import { BAN, NOTICE, UNBAN } from '../../../protocol/community/ban.ts'
import { CERTIFY } from '../../../protocol/community/certify.ts'
import { COUNCIL, LOG_ROTATE, STEWARDS } from '../../../protocol/community/council.ts'
import { EQUIVOCATION, LEAK, LOG_FORK } from '../../../protocol/community/evidence.ts'
import { INVITE_VOID } from '../../../protocol/community/invite-void.ts'
import { ERASE, LEAVE } from '../../../protocol/community/leave.ts'
import { REPORT } from '../../../protocol/community/report.ts'
import { REPUDIATE } from '../../../protocol/community/repudiate.ts'
import { commitTitle, ROOM_END, ROOM_OPEN } from '../../../protocol/community/stage-room.ts'
import { VOUCH } from '../../../protocol/community/vouch.ts'
import type { PayloadType } from '../../../protocol/envelope.ts'
import { DEVICE_REMOVE } from '../../../protocol/identity/device.ts'
import { GUARDIANS } from '../../../protocol/identity/guardians.ts'
import { RECOVER } from '../../../protocol/identity/recover.ts'
import { ROOT_ROTATE } from '../../../protocol/identity/root-rotate.ts'
import { idBytes, idOf, type MemberId, type StatementId } from '../../../protocol/ids.ts'
import { MINUTE } from '../../../protocol/limits.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { type EnvelopeCase, hex } from '../format.ts'
import type { Cast } from './cast.ts'
import { altered, fieldFailures, holds, type Model, refused } from './envelopes.ts'
import type { Fields } from './raw.ts'

/** The types that these cases are of. */
export const STATEMENT_KINDS = [
  DEVICE_REMOVE,
  GUARDIANS,
  ROOT_ROTATE,
  RECOVER,
  INVITE_VOID,
  REPUDIATE,
  VOUCH,
  LEAVE,
  ERASE,
  ROOM_OPEN,
  ROOM_END,
  ATTEST,
  CLAIM,
  CERTIFY,
  REPORT,
  APPEAL,
  NOTICE,
  BAN,
  UNBAN,
  COUNCIL,
  STEWARDS,
  LOG_ROTATE,
  EQUIVOCATION,
  LEAK,
  LOG_FORK,
] as const

/** A statement of any type, opened (LEDGER-4) and not judged by any ledger. */
export interface StatementCase extends EnvelopeCase {
  readonly type: string
}

export interface StatementFile {
  readonly spec: string
  readonly community: string
  readonly cases: readonly StatementCase[]
}

/** What each type after the join looks like: one of each, and whatever can be wrong with its fields. */
export async function shapeFile(people: Cast): Promise<StatementFile> {
  const cases: StatementCase[] = []
  for (const { model, bounds } of models(people)) {
    const { type } = model.kind
    const of = [await holds(`one of type ${type}`, model), ...(await fieldFailures(model))]
    for (const [name, reason, fields] of bounds) {
      const bytes = await altered(model, (good) => ({ ...good, ...fields }))
      of.push(refused(name, model.rule, reason, bytes))
    }
    cases.push(...of.map((one) => ({ type, ...one, name: `${type}: ${one.name}` })))
  }
  return { spec: '§5.3, §5.7, §6.8, §6.9, §6.11', community: hex(idBytes(people.founded.community)), cases }
}

/** Fields that are out of bounds by one, and what is said of them. */
type Bound = readonly [name: string, reason: string, fields: Fields]

interface Shape {
  readonly model: Model<unknown>
  readonly bounds: readonly Bound[]
}

function models({ founded, alice, bob, room }: Cast): readonly Shape[] {
  const of = <T>(
    rule: string,
    kind: PayloadType<T>,
    payload: T,
    bounds: readonly Bound[] = [],
    optional: readonly string[] = [],
  ): Shape => {
    const seeds = [bytesOf('Alice device')]
    const model = { kind, community: founded.community, payload, seeds, rule, optional }
    return { model: model as unknown as Model<unknown>, bounds }
  }
  const at = NOON + 10 * MINUTE
  const prev = alice.deviceChain.last
  const chain = { m: alice.member, n: 2, prev, at }
  const statement = idOf<StatementId>(bytesOf('a statement'))
  const [some, none] = [bob.member, idOf<MemberId>(bytesOf('nobody'))].sort((a, b) =>
    Buffer.compare(idBytes(a), idBytes(b)),
  ) as [MemberId, MemberId]
  const [low, high] = [idBytes(some), idBytes(none)]
  const key = signerOf('a key').publicKey
  const forty = Array.from({ length: 40 }, (_, i) => bytesOf(`${i}`)).sort(Buffer.compare)
  const tooMany = (most: number) => forty.slice(0, most + 1)
  const invalid = (name: string, fields: Fields): Bound => [name, 'field-invalid', fields]
  const witnesses = { k: 1, keys: [key] }
  return [
    of('DEV-4', DEVICE_REMOVE, { ...chain, device: key }),
    of('ROOT-3', GUARDIANS, { ...chain, k: 2, of: [some, none] }, [
      invalid('k is 0', { k: 0 }),
      invalid('k is more than there are', { k: 3 }),
      invalid('nobody', { of: [] }),
      invalid('seventeen', { of: tooMany(16) }),
      invalid('out of order', { of: [high, low] }),
      invalid('one twice', { of: [low, low] }),
    ]),
    of('ROOT-4', ROOT_ROTATE, { ...chain, root: key }),
    of('ROOT-6', RECOVER, { m: alice.member, root: key, at }),
    of('VOID-1', INVITE_VOID, { ...chain, invite: statement }, [
      ['both shapes at once', 'field-unknown', { v: 0 }],
    ]),
    of('VOID-1', INVITE_VOID, { v: 0, invite: statement, at }),
    of('VOID-2', REPUDIATE, { ...chain, invite: statement }),
    of('VOUCH-1', VOUCH, { ...chain, for: bob.member }),
    of('LEAVE-1', LEAVE, chain),
    of('ERASE-1', ERASE, chain),
    of('STAGE-1', ROOM_OPEN, { ...chain, room, title: commitTitle(room, 'Under the tree') }, [
      invalid('a title in words', { title: 'Under the tree' }),
    ]),
    of('STAGE-2', ROOM_END, { ...chain, room }),
    of('ATTEST-1', ATTEST, { ...chain, for: bob.member, room, minutes: 1440, as: 'spoke' }, [
      invalid('no minute', { minutes: 0 }),
      invalid('a minute more than a day', { minutes: 1441 }),
      invalid('as a listener', { as: 'listened' }),
    ]),
    of('CLAIM-1', CLAIM, { ...chain, refs: [statement] }, [
      invalid('nothing', { refs: [] }),
      invalid('thirty-three', { refs: tooMany(32) }),
      invalid('out of order', { refs: [high, low] }),
    ]),
    of('CERT-2', CERTIFY, { ...chain, for: bob.member, on: true }),
    of('REPORT-1', REPORT, { ...chain, sealed: new Uint8Array(2560).fill(7) }, [
      invalid('nothing', { sealed: new Uint8Array(0) }),
      invalid('2,561 bytes', { sealed: new Uint8Array(2561) }),
    ]),
    of('APPEAL-1', APPEAL, { ...chain, sealed: new Uint8Array(2560).fill(7) }, [
      invalid('nothing', { sealed: new Uint8Array(0) }),
      invalid('2,561 bytes', { sealed: new Uint8Array(2561) }),
    ]),
    of('NOTICE-1', NOTICE, { v: 0, m: bob.member, why: 'spam', at }, [
      invalid('for no listed reason', { why: 'noise' }),
    ]),
    of(
      'BAN-1',
      BAN,
      { v: 0, m: bob.member, why: 'illegal', note: bytesOf('why'), cut: 5, at },
      [invalid('a note of 31 bytes', { note: new Uint8Array(31) })],
      ['note', 'cut'],
    ),
    of('BAN-5', UNBAN, { v: 0, ban: statement, at }),
    of('COUNCIL-1', COUNCIL, { v: 0, k: 1, keys: [key], at }, [
      invalid('k is 0', { k: 0 }),
      invalid('k is more than there are', { k: 2 }),
      invalid('nobody', { keys: [] }),
      invalid('seventeen', { keys: tooMany(16) }),
    ]),
    of('CERT-1', STEWARDS, { v: 0, of: [some, none], at }, [
      invalid('seventeen', { of: tooMany(16) }),
      invalid('out of order', { of: [high, low] }),
    ]),
    of(
      'ROTATE-1',
      LOG_ROTATE,
      { v: 0, log: key, witnesses, at },
      [
        invalid('more witnesses than there are', { witnesses: { k: 2, keys: [bytesOf('one')] } }),
        ['half of witnesses', 'field-missing', { witnesses: { k: 0 } }],
      ],
      ['witnesses'],
    ),
    of('EQUIV-1', EQUIVOCATION, { a: bytesOf('a'), b: bytesOf('b'), at }, [
      invalid('1,901 bytes', { a: new Uint8Array(1901) }),
      invalid('nothing', { b: new Uint8Array(0) }),
    ]),
    of('LEAK-1', LEAK, { join: bytesOf('a join'), at }, [
      invalid('3,501 bytes', { join: new Uint8Array(3501) }),
    ]),
    of('FORK-1', LOG_FORK, { evidence: bytesOf('evidence'), at }, [
      invalid('3,501 bytes', { evidence: new Uint8Array(3501) }),
    ]),
  ]
}
