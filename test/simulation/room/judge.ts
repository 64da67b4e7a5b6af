import { equalBytes } from '../../../protocol/bytes.ts'
import { countOfActs } from '../../../protocol/room/bundle.ts'
import {
  addOperation,
  EMPTY_HISTORY,
  type History,
  indexOf,
  operationAt,
  operationsFrom,
  signedFrom,
  wholeAt,
} from '../../../protocol/room/history.ts'
import type { Room } from '../../../protocol/room/opening.ts'
import type { SignedOperation } from '../../../protocol/room/operation.ts'
import { resolve } from '../../../protocol/room/resolve.ts'
import { type RoomState, stateDigest } from '../../../protocol/room/state.ts'
import { type Dice, dice } from '../../independent/dice.ts'
import { ahead, caseOf, lost, type Violation, violations } from './oracles.ts'
import { look, type Peer } from './peer.ts'
import { type Played, play, write } from './play.ts'
import { before, type Tale } from './tale.ts'

/** What histories came to. */
export interface Tally {
  readonly histories: number
  readonly operations: number
  readonly accepted: number
  /** Histories in which a device signed twins. */
  readonly twins: number
  /** Acts that were signed with others. */
  readonly together: number
  readonly violations: number
  /** The seed of each violation. */
  readonly failed: readonly (Violation & { readonly seed: number })[]
}

/** Of no history yet. */
export function tally(): Tally {
  return { histories: 0, operations: 0, accepted: 0, twins: 0, together: 0, violations: 0, failed: [] }
}

/** One history in so many is played over a network; the others are written straight down. */
const PLAYED = 8

/** Makes one history and asks all oracles about it. */
export function judge(seed: number): Tally {
  const played = seed % PLAYED === 0 ? play(seed) : write(seed)
  const { room, peers, members, delivered } = played
  const state = resolve(room, (peers[0] as Peer).history)
  const digest = stateDigest(state)
  const end = caseOf(room.m, delivered, state, members)
  const seen: Violation[] = [...violations(end), ...shape(played), ...agreement(played, state, digest)]
  seen.push(...wholeness((peers[0] as Peer).history, end.tale))
  const shuffled = permuted(room, signedFrom((peers[0] as Peer).history), dice(seed))
  if (shuffled === undefined || !isSame(shuffled, state, digest))
    seen.push({ oracle: 'permutation and duplication', seen: 'another order, another state' })
  const alone = permuted(room, delivered, dice(seed))
  if (alone === undefined || !isSame(alone, state, digest))
    seen.push({ oracle: 'together as one by one', seen: 'signed each by itself, another state' })
  for (const { state: earlier, clock } of played.glimpses) {
    const early = ahead(earlier, clock)
    if (early !== undefined) seen.push(early)
    const loss = lost(earlier, end)
    if (loss !== undefined) seen.push(loss)
  }
  const glimpse = played.glimpses[seed % played.glimpses.length]
  if (glimpse !== undefined) {
    const known = operationsFrom(glimpse.state.view.history)
    seen.push(...violations(caseOf(room.m, known, glimpse.state, members)))
  }
  return {
    histories: 1,
    operations: delivered.length,
    accepted: state.accepted.size,
    twins: end.tale.twins.size > 0 ? 1 : 0,
    together: togetherIn((peers[0] as Peer).history),
    violations: seen.length,
    failed: seen.map((violation) => ({ ...violation, seed })),
  }
}

/** Whatever breaks the shape of a history is in nobody's, and everybody has everything else. */
function shape({ peers, malformed }: Played): readonly Violation[] {
  const seen: Violation[] = []
  const [first, ...others] = peers as readonly [Peer, ...Peer[]]
  for (const { id } of malformed)
    if (indexOf(first.history, id) !== undefined)
      seen.push({ oracle: 'shape of the history', seen: `${id} is in it` })
  for (const { history } of others)
    if (history.size !== first.history.size)
      seen.push({ oracle: 'delivery', seen: 'somebody lacks something' })
  return seen
}

/** OP-8: of a bundle there is all, and whoever saw one of its acts saw each. */
function wholeness(history: History, tale: Tale): readonly Violation[] {
  const seen: Violation[] = []
  const bundles = new Map<SignedOperation, number[]>()
  for (let i = 0; i < history.size; i++) {
    const whole = wholeAt(history, i)
    bundles.set(whole, [...(bundles.get(whole) ?? []), i])
  }
  for (const [{ id, operation }, acts] of bundles) {
    const [first, last] = [acts[0] as number, acts.at(-1) as number]
    if (acts.length !== countOfActs(operation) || operationAt(history, last).id !== id)
      seen.push({ oracle: 'bundles are whole', seen: `of ${id} there are ${acts.length} acts` })
    for (let other = 0; other < history.size; other++)
      if (!acts.includes(other) && before(tale, first, other) !== before(tale, last, other))
        seen.push({ oracle: 'bundles are whole', seen: `${other} saw a part of ${id}` })
  }
  return seen
}

/** Equal heads, equal digests: of those who went another way, one operation at a time, too. */
function agreement({ peers }: Played, state: RoomState, digest: Uint8Array): readonly Violation[] {
  const heads = state.view.history.heads.join()
  const seen: Violation[] = []
  for (const peer of peers) {
    if (peer.history.heads.join() !== heads) continue
    if (!isSame(look(peer), state, digest))
      seen.push({ oracle: 'heads equal, digest equal', seen: 'a peer has another state' })
  }
  return seen
}

/** The state of the same operations in another order, some of them twice. */
function permuted(room: Room, operations: readonly SignedOperation[], chance: Dice): RoomState | undefined {
  let history: History = EMPTY_HISTORY
  let left = operations.slice()
  for (let i = left.length - 1; i > 0; i--) {
    const j = chance.below(i + 1)
    ;[left[i], left[j]] = [left[j] as SignedOperation, left[i] as SignedOperation]
  }
  while (left.length > 0) {
    const waiting: SignedOperation[] = []
    for (const signed of left) {
      const added = addOperation(history, signed)
      if (!added.ok) waiting.push(signed)
      else {
        const again = chance.once(4) ? addOperation(added.value, signed) : added
        if (!again.ok) return undefined
        history = again.value
      }
    }
    if (waiting.length === left.length) return undefined
    left = waiting
  }
  return resolve(room, history)
}

function togetherIn(history: History): number {
  let together = 0
  for (let i = 0; i < history.size; i++) if (wholeAt(history, i).operation.also !== undefined) together++
  return together
}

/** @param digest of `b` */
function isSame(a: RoomState, b: RoomState, digest: Uint8Array): boolean {
  if (!equalBytes(stateDigest(a), digest)) return false
  if (a.accepted.size !== b.accepted.size) return false
  for (const [id, strength] of a.accepted) if (b.accepted.get(id) !== strength) return false
  return true
}
