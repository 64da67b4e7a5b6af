import { compareBytes } from '../../../protocol/bytes.ts'
import { type Envelope, seal } from '../../../protocol/envelope.ts'
import {
  type CommunityId,
  type Id,
  idBytes,
  type MemberId,
  type OperationId,
  type RoomId,
} from '../../../protocol/ids.ts'
import { actsOf, countOfActs } from '../../../protocol/room/bundle.ts'
import { addOperation, EMPTY_HISTORY, type History } from '../../../protocol/room/history.ts'
import type { Room } from '../../../protocol/room/opening.ts'
import {
  type Act,
  type FurtherAct,
  OPERATION,
  type Operation,
  type SignedOperation,
} from '../../../protocol/room/operation.ts'
import { mayAct, resolve } from '../../../protocol/room/resolve.ts'
import { type RoomState, stateDigest } from '../../../protocol/room/state.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { type Case, hex } from '../format.ts'

/** A room's operations, and what everybody must make of them. */
export interface HistoryCase extends Case {
  /** The room's opening, an envelope. */
  readonly opening: string
  /** Envelopes, ancestors first. Of a case with a `reason` the last one is refused for it, and the ones before are not. */
  readonly operations: readonly string[]
  /** Ids of all acts, in the order of the operations and of their bundles; of a case with bundles. */
  readonly acts?: readonly string[]
  readonly state?: RoomVector
  /** What somebody might do next, and the reason for which their own peer does not do it. */
  readonly next?: readonly { readonly operation: string; readonly reason?: string }[]
}

interface RoomVector {
  readonly ended: boolean
  readonly locked: boolean
  /** By member; ids of operations. */
  readonly levels: Readonly<Record<string, number>>
  readonly offers: Readonly<Record<string, string>>
  readonly banned: Readonly<Record<string, string>>
  readonly removed: Readonly<Record<string, string>>
  readonly muted: readonly string[]
  readonly admitted: readonly string[]
  readonly settings: RoomState['settings']
  readonly epoch: string | null
  readonly record: readonly string[]
  /** With which each act counts, in their order; null for what is overruled, and for what is no act: an acceptance, or a checkpoint of the audience. */
  readonly strengths: readonly (number | null)[]
  readonly digest: string
}

export interface Player {
  readonly member: MemberId
  readonly device: Signer
}

/** A quarrel in a room while it is told; each operation knows all that came before, unless it is said what it knows. */
export class Quarrel {
  readonly #community: CommunityId
  readonly #opening: Envelope<Room>
  readonly #all: SignedOperation[] = []
  #at: number

  constructor(community: CommunityId, opening: Envelope<Room>) {
    this.#community = community
    this.#opening = opening
    this.#at = opening.payload.at
  }

  /** One more operation, a minute later than the one before. */
  async act(
    by: Player,
    act: Act,
    knows: readonly SignedOperation[] = this.#heads(),
    change: Partial<Operation> = {},
  ): Promise<SignedOperation> {
    this.#at += 60
    const signed = await this.#sealed(by, act, knows, change)
    this.#all.push(signed)
    return signed
  }

  /** Several acts with one signature. @returns the whole, and each act */
  async together(
    by: Player,
    [first, ...also]: readonly [Act, ...FurtherAct[]],
    knows?: readonly SignedOperation[],
  ): Promise<readonly [whole: SignedOperation, ...acts: SignedOperation[]]> {
    const whole = await this.act(by, first, knows, { also })
    return [whole, ...actsOf(whole)]
  }

  /** Offers a level and has it taken. */
  async raise(by: Player, to: Player, level: 80 | 60 | 20): Promise<SignedOperation> {
    const grant = await this.act(by, { k: 'grant', to: to.member, level })
    return this.act(to, { k: 'accept', ref: grant.id })
  }

  /**
   * What it comes to.
   * @param overruled the operations that must not count, by hand: the resolver is not its own witness
   * @param next what somebody might do next
   */
  async comesTo(
    rule: string,
    name: string,
    overruled: readonly SignedOperation[],
    next: readonly (readonly [Player, Act])[] = [],
  ): Promise<HistoryCase> {
    const history = historyOf(this.#all)
    const state = resolve(this.#opening.payload, history)
    const acts = this.#all.flatMap(actsOf)
    const vector = vectorOf(acts, state)
    const missing = acts.filter(
      ({ operation: { k } }, i) => k !== 'accept' && k !== 'checkpoint' && vector.strengths[i] === null,
    )
    if (
      missing.length !== overruled.length ||
      overruled.some((one) => !missing.some(({ id }) => id === one.id))
    )
      throw new Error(`${name}: something else is overruled`)
    const followed = await Promise.all(
      next.map(async ([by, act]) => {
        const may = mayAct(state, by.member, act)
        const { envelope } = await this.#sealed(by, act, this.#heads(), {})
        return { operation: hex(envelope.bytes), ...(may.ok ? {} : { reason: may.reason }) }
      }),
    )
    return { ...this.#told(rule, name), state: vector, ...(next.length > 0 && { next: followed }) }
  }

  /** The last operation is refused. */
  isRefused(rule: string, name: string, reason: string): HistoryCase {
    return { ...this.#told(rule, name), reason }
  }

  #told(rule: string, name: string) {
    const operations = this.#all.map(({ envelope }) => hex(envelope.bytes))
    const acts = this.#all.flatMap(actsOf).map(({ id }) => hex(idBytes(id)))
    const hasBundles = acts.length > operations.length
    return { name, rule, opening: hex(this.#opening.bytes), operations, ...(hasBundles && { acts }) }
  }

  #heads(): readonly SignedOperation[] {
    return this.#all.filter(({ id }) => !this.#all.some(({ operation }) => operation.heads.includes(id)))
  }

  async #sealed(
    { member, device }: Player,
    act: Act,
    knows: readonly SignedOperation[],
    change: Partial<Operation>,
  ): Promise<SignedOperation> {
    const own = [...this.#pastOf(knows)].filter((one) => one.device === device.publicKey)
    const operation = {
      r: this.#opening.id as Id as RoomId,
      m: member,
      n: Math.max(-1, ...own.map(({ operation }) => operation.n + countOfActs(operation) - 1)) + 1,
      heads: knows.map(({ id }) => id).sort((a, b) => compareBytes(idBytes(a), idBytes(b))),
      at: this.#at,
      ...act,
      ...change,
    } as Operation
    const envelope = await seal(OPERATION, this.#community, operation, [device])
    return { id: envelope.id as OperationId, device: device.publicKey, operation, envelope }
  }

  #pastOf(heads: readonly SignedOperation[]): Set<SignedOperation> {
    const past = new Set<SignedOperation>()
    const visit = (one: SignedOperation): void => {
      if (past.has(one)) return
      past.add(one)
      for (const other of this.#all) if (one.operation.heads.includes(other.id)) visit(other)
    }
    heads.forEach(visit)
    return past
  }
}

function historyOf(operations: readonly SignedOperation[]): History {
  let history = EMPTY_HISTORY
  for (const signed of operations) {
    const added = addOperation(history, signed)
    if (!added.ok) throw new Error(added.reason)
    history = added.value
  }
  return history
}

/** A state as vectors have it. @param operations each act of the case, in its order */
export function vectorOf(operations: readonly SignedOperation[], state: RoomState): RoomVector {
  const id = (one: Id): string => hex(idBytes(one))
  const byMember = <V, R>(map: ReadonlyMap<MemberId, V>, say: (value: V) => R): Readonly<Record<string, R>> =>
    Object.fromEntries(
      [...map].map(([m, value]) => [id(m), say(value)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  const { ended, locked, levels, offers, banned, removed, muted, admitted, settings, epoch, record } = state
  return {
    ended,
    locked,
    levels: byMember(levels, (level) => level),
    offers: byMember(offers, ({ grant }) => id(grant)),
    banned: byMember(banned, (ban) => id(ban.id)),
    removed: byMember(removed, (removal) => id(removal.id)),
    muted: [...muted].map(id).sort(),
    admitted: [...admitted].map(id).sort(),
    settings,
    epoch: epoch === undefined ? null : id(epoch.id),
    record: record.map((one) => id(one.id)),
    strengths: operations.map((one) => state.accepted.get(one.id) ?? null),
    digest: hex(stateDigest(state)),
  }
}
