/** What a room's operations cost whoever has them and has verified them, in one process. */

import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Envelope } from '../../protocol/envelope.ts'
import {
  idOf,
  type KeyText,
  keyText,
  type MemberId,
  type OperationId,
  type RoomId,
} from '../../protocol/ids.ts'
import { addOperation, EMPTY_HISTORY, type History } from '../../protocol/room/history.ts'
import type { Room } from '../../protocol/room/opening.ts'
import type { Act, Operation, SignedOperation } from '../../protocol/room/operation.ts'
import { advance, resolve } from '../../protocol/room/resolve.ts'
import type { RoomState } from '../../protocol/room/state.ts'
import { against, distribution, type Figure } from './figure.ts'

const SIZES = [1_000, 3_000, 30_000] as const
/** What the project allows, in milliseconds: for one more operation in a room of 3,000, and for two forks of 30,000. */
const APPEND_LIMIT = 5
const MERGE_LIMIT = 20
/** People of the room: the host, who moderates with four others, and an audience. */
const MODERATORS = 4
const AUDIENCE = 200
/** What each of two parts of a room does while they are parted. */
const PARTED = 50
/** One act in so many is made by somebody who has not seen the last one yet. */
const CONCURRENT = 10

const ROOM = idOf<RoomId>(bytesOf('room'))
const people = Array.from({ length: 1 + MODERATORS + AUDIENCE }, (_, i) => ({
  member: idOf<MemberId>(bytesOf(`member ${i}`)),
  device: keyText(bytesOf(`device ${i}`)),
  made: 0,
}))
type Someone = (typeof people)[number]
const host = people[0] as Someone
const staff = people.slice(0, 1 + MODERATORS)
const OPENING: Room = {
  m: host.member,
  title: 'A long evening',
  topics: [],
  lang: 'en',
  vis: 'members',
  hands: 'everybody',
  nonce: new Uint8Array(16),
  at: 0,
}

/** @param n rounds of each measurement */
export async function* resolveRoom(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  for (const size of SIZES) {
    note(`a room of ${size} operations`)
    yield* measure(size, n)
  }
}

function* measure(size: number, n: number): Generator<Figure> {
  for (const one of people) one.made = 0
  const before = heap()
  const evening = createEvening()
  while (evening.all.length < size) evening.act()
  const whole = Array.from({ length: n + 1 }, () => {
    const began = performance.now()
    const history = evening.all.reduce(added, EMPTY_HISTORY)
    const gathered = performance.now()
    const state = resolve(OPENING, history)
    return { took: performance.now() - began, resolving: performance.now() - gathered, history, state }
  })
  // The first is not counted: nothing is compiled then.
  const counted = whole.slice(1)
  const took = distribution(counted.map((one) => one.took))
  const resolving = distribution(counted.map((one) => one.resolving))
  yield {
    metric: `${size} operations from zero`,
    unit: 'ms',
    n,
    ...took,
    parts: { resolving: resolving.p50 },
  }

  let { state } = whole[0] as { state: RoomState }
  whole.length = 0
  counted.length = 0
  yield {
    metric: `memory of a room of ${size} operations`,
    unit: 'kB',
    n: 1,
    value: Math.round((heap() - before) / 1000),
  }

  const appended: number[] = []
  while (appended.length < 10 * n) {
    const from = evening.all.length
    evening.act()
    for (const signed of evening.all.slice(from)) {
      const began = performance.now()
      state = advance(state, added(state.view.history, signed))
      appended.push(performance.now() - began)
    }
  }
  yield figure(`one more operation in a room of ${size}`, appended, size === 3_000 ? APPEND_LIMIT : undefined)

  for (const [what, last] of [
    ['', undefined],
    [', one of which lowered a moderator', 'lower'],
  ] as const) {
    const merged = Array.from({ length: n }, () => {
      const [mine, theirs] = evening.part(last)
      state = advance(state, mine.reduce(added, state.view.history))
      const began = performance.now()
      state = advance(state, theirs.reduce(added, state.view.history))
      return performance.now() - began
    })
    const limit = size === 30_000 && last === undefined ? MERGE_LIMIT : undefined
    yield figure(`two forks of a room of ${size} merged, ${PARTED} operations each${what}`, merged, limit)
  }
}

function figure(metric: string, values: readonly number[], limit: number | undefined): Figure {
  const spread = distribution(values)
  const compared =
    limit === undefined ? {} : { compared: [against({ limit: 'the project allows' }, limit, spread.p50)] }
  return { metric, unit: 'ms', n: values.length, ...spread, ...compared }
}

/** Operations of an evening as they are made: moderators bring people on the stage, who accept and step down, and see to order. */
function createEvening() {
  const all: SignedOperation[] = []
  let heads: readonly SignedOperation[] = []

  function say(by: Someone, act: Act, knows: readonly SignedOperation[]): SignedOperation {
    const operation: Operation = {
      r: ROOM,
      m: by.member,
      n: by.made++,
      heads: knows.map(({ id }) => id).toSorted(),
      at: all.length,
      ...act,
    }
    const id = idOf<OperationId>(bytesOf(`operation ${all.length}`))
    const signed = { id, device: by.device as KeyText, operation, envelope: UNREAD }
    all.push(signed)
    return signed
  }

  function next(by: Someone, act: Act): SignedOperation {
    const before = heads
    const signed = say(by, act, heads)
    const isAlone = before.length === 1 && all.length % CONCURRENT === 0
    heads = [signed]
    if (isAlone) {
      // Somebody else acts from the same place.
      const other = people[1 + (all.length % MODERATORS)] as Someone
      if (other !== by) heads = [signed, say(other, { k: 'checkpoint' }, before)]
    }
    return signed
  }

  for (const moderator of staff.slice(1)) {
    const grant = next(host, { k: 'grant', to: moderator.member, level: 80 })
    next(moderator, { k: 'accept', ref: grant.id })
  }

  function act(): void {
    const by = staff[all.length % staff.length] as Someone
    next(by, deed(by, all.length))
  }

  function deed(by: Someone, i: number): Act {
    const guest = people[staff.length + (i % AUDIENCE)] as Someone
    const to = guest.member
    switch (i % 8) {
      case 0:
      case 1:
        return { k: 'grant', to, level: 20 }
      case 2:
        return { k: 'lower', to }
      case 3:
        return { k: 'mute', to }
      case 4:
        return { k: 'unmute', to }
      case 5:
        return { k: 'remove', to, why: 'other' }
      case 6:
        return by === host ? { k: 'set', title: `Evening ${i}` } : { k: 'admit', to }
      default:
        return { k: 'checkpoint' }
    }
  }

  return {
    all,
    act,
    /** The host acts on one side, a moderator on the other; each does so many things. */
    part(last: 'lower' | undefined): readonly [readonly SignedOperation[], readonly SignedOperation[]] {
      const common = heads
      const side = (by: Someone, end: Act | undefined): readonly SignedOperation[] => {
        const made: SignedOperation[] = []
        let knows = common
        for (let i = 0; i < PARTED; i++) {
          const act = (i === PARTED - 1 && end) || deed(by, all.length)
          knows = [say(by, act, knows)]
          made.push(...knows)
        }
        return made
      }
      const mine = side(people[1] as Someone, undefined)
      const lowered = people[2] as Someone
      const theirs = side(host, last && { k: last, to: lowered.member })
      heads = [mine.at(-1) as SignedOperation, theirs.at(-1) as SignedOperation]
      return [mine, theirs]
    },
  }
}

function added(history: History, signed: SignedOperation): History {
  const grown = addOperation(history, signed)
  if (!grown.ok) throw new Error(grown.reason)
  return grown.value
}

/** Bytes in use once the rest was thrown away. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}

function bytesOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

/** Nothing here reads the envelope of an operation that was verified. */
const UNREAD = Object.freeze({}) as Envelope<Operation>
