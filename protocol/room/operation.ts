import type { Envelope, PayloadType } from '../envelope.ts'
import type { KeyText, MemberId, OperationId, RoomId } from '../ids.ts'
import { MAX_CLOCK_SKEW, MAX_HEADS, MAX_TITLE_CHARS, MAX_TOPIC_CHARS, MAX_TOPICS } from '../limits.ts'
import type { SchemaReason } from '../reasons.ts'
import { type Bad, bad, good, type Result } from '../result.ts'
import {
  bytes,
  id,
  line,
  list,
  map,
  oneOf,
  type Read,
  type Schema,
  sortedSet,
  text,
  uint,
} from '../schema.ts'
import { seconds } from '../time.ts'
import { GRANTABLE, type Level } from './level.ts'
import { language } from './opening.ts'

/** What one device may add to one room: a moderator's checkpoints of a day, and no more for others to keep of somebody who floods. */
export const MAX_OPERATIONS_OF_A_DEVICE = 16_384
/** Words to a reason of moderation, that stay in the room. */
export const MAX_NOTE_CHARS = 200
/** A pinned page. */
export const LINK = /^(https:\/\/[\x21-\x7e]{1,192})?$/
/** Acts that one signature carries: a full stage, twice over, so that whoever mutes or empties it says one thing. */
export const MAX_ACTS = 32
/** Epochs of one room. */
const MAX_EPOCH = 1_000_000

const level: Schema<Level> = {
  decode: (value, at) =>
    (GRANTABLE as readonly unknown[]).includes(value) ? good(value as Level) : bad('field-invalid', at),
  encode: (value) => value,
}

/** Why somebody is acted on. `away`: they fell silent on the stage (PLACE-2), the reason of a `lower` and of nothing else. */
const why = oneOf('spam', 'abuse', 'fake', 'illegal', 'other', 'away')

/** Every act, and the fields that it has: all of `needs`, and any of `takes`. */
const ACTS = {
  grant: { needs: ['to', 'level'], takes: [] },
  hand: { needs: ['to'], takes: [] },
  accept: { needs: ['ref'], takes: [] },
  lower: { needs: ['to'], takes: ['why', 'note'] },
  mute: { needs: ['to'], takes: ['why', 'note'] },
  unmute: { needs: ['to'], takes: [] },
  remove: { needs: ['to', 'why'], takes: ['note'] },
  ban: { needs: ['to', 'why'], takes: ['note'] },
  unban: { needs: ['to'], takes: [] },
  admit: { needs: ['to'], takes: [] },
  revoke: { needs: ['to'], takes: ['why', 'note'] },
  lock: { needs: [], takes: [] },
  unlock: { needs: [], takes: [] },
  set: { needs: [], takes: ['title', 'topics', 'lang', 'link', 'hands'] },
  epoch: { needs: ['epoch', 'hash', 'audience'], takes: [] },
  checkpoint: { needs: [], takes: [] },
  end: { needs: [], takes: ['why', 'note'] },
} as const satisfies Record<
  string,
  { readonly needs: readonly OptionalField[]; readonly takes: readonly OptionalField[] }
>

type ActKind = keyof typeof ACTS

const OPTIONAL = {
  to: id<MemberId>(),
  level,
  ref: id<OperationId>(),
  why,
  note: line(MAX_NOTE_CHARS),
  title: line(MAX_TITLE_CHARS),
  topics: list(line(MAX_TOPIC_CHARS), MAX_TOPICS),
  lang: language,
  /** A page that belongs to the conversation; empty takes it away. */
  link: text(LINK, 200),
  hands: oneOf('everybody', 'members', 'nobody'),
  epoch: uint(MAX_EPOCH, 1),
  hash: bytes(32),
  audience: bytes(32),
}

type OptionalField = keyof typeof OPTIONAL

/**
 * What may be done together with other such acts (OP-8). An `epoch` has a number that may be wrong (OP-6), and a bundle must not break in the middle; an
 * `end` is judged by itself on the list of rooms; a `checkpoint` says what each act says anyway. A room changes hands, and a person agrees, by a word of their own.
 */
const TOGETHER = [
  'grant',
  'lower',
  'mute',
  'unmute',
  'remove',
  'ban',
  'unban',
  'admit',
  'revoke',
  'lock',
  'unlock',
  'set',
] as const satisfies readonly ActKind[]

const FURTHER = map({ k: oneOf(...TOGETHER) }, OPTIONAL)

/** One more act of a bundle. */
export type FurtherAct = Read<typeof FURTHER>

export const FURTHER_ACT: Schema<FurtherAct> = {
  decode(value, at) {
    const read = FURTHER.decode(value, at)
    return read.ok ? (wrongIn(read.value, `${at}.`) ?? read) : read
  },
  encode: (value) => FURTHER.encode(value),
}

const FIELDS = map(
  {
    r: id<RoomId>(),
    m: id<MemberId>(),
    n: uint(MAX_OPERATIONS_OF_A_DEVICE - 1),
    heads: sortedSet(id<OperationId>(), MAX_HEADS),
    k: oneOf(...(Object.keys(ACTS) as [ActKind, ...ActKind[]])),
    at: seconds,
  },
  // None is the absence of the field: one thing has one spelling.
  { ...OPTIONAL, also: list(FURTHER_ACT, MAX_ACTS - 1, 1) },
)

type OperationFields = Read<typeof FIELDS>

/** OP-2: what is wrong with an act's fields. @param at where it stands, with what parts it from the field's name */
function wrongIn(act: Pick<OperationFields, 'k' | OptionalField>, at: string): Bad<SchemaReason> | undefined {
  const { needs, takes } = ACTS[act.k]
  const given = (Object.keys(OPTIONAL) as OptionalField[]).filter((name) => act[name] !== undefined)
  const unknown = given.find((name) => !includes(needs, name) && !includes(takes, name))
  if (unknown !== undefined) return bad('field-unknown', at + unknown)
  const missing = needs.find((name) => act[name] === undefined)
  if (missing !== undefined) return bad('field-missing', at + missing)
  if (act.why === 'away' && act.k !== 'lower') return bad('field-invalid', `${at}why`)
  // A setting of nothing is another spelling of a checkpoint.
  return act.k === 'set' && given.length === 0 ? bad('field-missing', `${at}title`) : undefined
}

/** OP-8: what is wrong with the acts beside the first. */
function wrongBeside({ k, n, also }: OperationFields): Bad<SchemaReason> | undefined {
  if (also === undefined) return undefined
  if (!isTogether(k)) return bad('field-unknown', 'also')
  // OP-5: each of them has a number.
  return n + also.length < MAX_OPERATIONS_OF_A_DEVICE ? undefined : bad('field-invalid', 'also')
}

/** Whether an act may be done together with others. */
export function isTogether(k: Operation['k']): boolean {
  return (TOGETHER as readonly ActKind[]).includes(k)
}

/**
 * `op` (SPEC §7.3), signed by a device of the actor `m`: one act in one room, and in `also` what the same person did in the same moment, in its order.
 * `heads` are the operations without successors that the actor's device knew, in ascending order; `n` counts that device's acts in this room from 0.
 * SPEC says what each act means.
 */
export const OPERATION = {
  type: 'op',
  fields: {
    decode(value, at): Result<OperationFields, SchemaReason> {
      const read = FIELDS.decode(value, at)
      if (!read.ok) return read
      return wrongIn(read.value, '') ?? wrongBeside(read.value) ?? read
    },
    encode: (value: OperationFields) => FIELDS.encode(value),
  },
} satisfies PayloadType<OperationFields>

function includes(names: readonly OptionalField[], name: OptionalField): boolean {
  return names.includes(name)
}

export type Operation = OperationFields

/**
 * OP-7: made later than a clock may be off. Whoever receives it neither takes it in nor passes it on yet: a removal from next year would last until then.
 * @param now seconds on the receiver's clock
 */
export function isAhead({ at }: Operation, now: number): boolean {
  return at > now + MAX_CLOCK_SKEW
}

type Moderated = Partial<Pick<Operation, 'why' | 'note'>>

/** What an operation does, before it is placed in the room's history. */
export type Act =
  | { readonly k: 'grant'; readonly to: MemberId; readonly level: Level }
  | { readonly k: 'accept'; readonly ref: OperationId }
  | ({ readonly k: 'lower' | 'mute' | 'revoke'; readonly to: MemberId } & Moderated)
  | ({ readonly k: 'remove' | 'ban'; readonly to: MemberId } & Moderated & {
        readonly why: Exclude<NonNullable<Operation['why']>, 'away'>
      })
  | { readonly k: 'unmute' | 'unban' | 'admit' | 'hand'; readonly to: MemberId }
  | { readonly k: 'lock' | 'unlock' | 'checkpoint' }
  | ({ readonly k: 'end' } & Moderated)
  | ({ readonly k: 'set' } & Settings)
  | {
      readonly k: 'epoch'
      readonly epoch: number
      readonly hash: Uint8Array
      readonly audience: Uint8Array
    }

/** What a room is called and what it allows, as far as that can change. */
export type Settings = Partial<Pick<Operation, 'title' | 'topics' | 'lang' | 'link' | 'hands'>>

/** An operation that was opened and whose signature was verified against the ledger, or one of the acts that it stands for (`actsOf`). */
export interface SignedOperation {
  readonly id: OperationId
  readonly device: KeyText
  readonly operation: Operation
  readonly envelope: Envelope<Operation>
}
