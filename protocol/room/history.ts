import { compareTexts, type KeyText, type OperationId } from '../ids.ts'
import type { RoomReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { type PersistentMap, persistentMap } from '../state/persistent-map.ts'
import { actsOf } from './bundle.ts'
import type { SignedOperation } from './operation.ts'

/**
 * The operations of one room as a hash DAG (SPEC §7.3): a set that only grows, in an order in which ancestors come first. An immutable value.
 *
 * Ancestry is kept as vector clocks over *chains*: the operations of one device, each with the one before it in its past. A device that signs
 * twins begins another chain with the second of them, so that a clock is exact whoever lies.
 */
export interface History {
  readonly size: number
  /** Operations that nobody has built on, in ascending order. */
  readonly heads: readonly OperationId[]
  /** Devices that signed two operations with one number that do not follow each other, and the lowest such number. */
  readonly forks: ReadonlyMap<KeyText, number>
  /** Shared with the histories that this one grew out of, and with those that grow out of it. */
  readonly store: Store
}

/** How many operations of each chain are in the past of one, by the name of the chain. */
type Clock = PersistentMap<string, number>

/** Append-only columns; a history reads the first `size` of them. */
interface Store {
  readonly operations: SignedOperation[]
  /** What each of them came in: itself, or the bundle of which it is an act. Those of one bundle stand together. */
  readonly wholes: SignedOperation[]
  readonly index: Map<OperationId, number>
  /** Strict pasts. */
  readonly clocks: Clock[]
  readonly chains: number[]
  readonly positions: number[]
  readonly depths: number[]
  /** How many operations are in the strict past of each. */
  readonly counts: number[]
  /** So many operations, from the first on, are in the strict past of each; it may be more. */
  readonly reaches: number[]
  /** The highest epoch announced in the past of each, itself included. */
  readonly epochs: number[]
  /** The operations of each chain. */
  readonly members: number[][]
  readonly devices: Map<KeyText, Device>
}

interface Device {
  readonly chains: number[]
  /** Operations by their number. */
  readonly numbered: Map<number, number[]>
}

function emptyStore(): Store {
  return {
    operations: [],
    wholes: [],
    index: new Map(),
    clocks: [],
    chains: [],
    positions: [],
    depths: [],
    counts: [],
    reaches: [],
    epochs: [],
    members: [],
    devices: new Map(),
  }
}

export const EMPTY_HISTORY: History = { size: 0, heads: [], forks: new Map(), store: emptyStore() }

/** The operation with this index, in this peer's own order. */
export function operationAt(history: History, i: number): SignedOperation {
  return history.store.operations[i] as SignedOperation
}

/** All operations from an index on, each act of a bundle by itself, ancestors before descendants. Nothing that peers must agree on depends on the rest of their order. */
export function operationsFrom(history: History, from = 0): readonly SignedOperation[] {
  return history.store.operations.slice(from, history.size)
}

/** The same as they were signed: each bundle once, if its last act is among them. */
export function signedFrom(history: History, from = 0): readonly SignedOperation[] {
  return history.store.wholes.slice(from, history.size).filter((_, i) => isWholeAt(history, from + i))
}

/** What the operation with this index was signed in. */
export function wholeAt({ store }: History, i: number): SignedOperation {
  return store.wholes[i] as SignedOperation
}

/** True where whoever has this operation has all that was signed with it: it stands alone, or is the last of its bundle. */
export function isWholeAt(history: History, i: number): boolean {
  return operationAt(history, i).id === wholeAt(history, i).id
}

/** Where an operation is; `undefined` when the history has not got it. */
export function indexOf(history: History, id: OperationId): number | undefined {
  const i = history.store.index.get(id)
  return i !== undefined && i < history.size ? i : undefined
}

/** The length of the longest way from the first operations to this one. */
export function depthOf(history: History, i: number): number {
  return history.store.depths[i] as number
}

/** Operations of a device with this number: more than one are twins. */
export function numbered(history: History, device: KeyText, n: number): readonly number[] {
  const all = history.store.devices.get(device)?.numbered.get(n) ?? []
  return all.filter((i) => i < history.size)
}

/**
 * Adds an operation whose signature was verified, with all acts that it stands for or none. `ancestors-unknown` says to wait for them (rule ROOM-1); an
 * operation that is there already changes nothing.
 */
export function addOperation(history: History, signed: SignedOperation): Result<History, RoomReason> {
  if (indexOf(history, signed.id) !== undefined) return good(history)
  const { operation, device: key } = signed
  const parents: number[] = []
  for (const head of operation.heads) {
    const parent = indexOf(history, head)
    if (parent === undefined) return bad('ancestors-unknown')
    parents.push(parent)
  }
  // OP-8: nobody saw a part of a bundle.
  if (parents.some((parent) => !isWholeAt(history, parent))) return bad('ancestors-wrong', 'heads')
  // Heads are a frontier: one that another has in its past would be a second spelling of the same place.
  if (parents.some((parent) => parents.some((other) => inPast(history, parent, other))))
    return bad('ancestors-wrong', 'heads')
  const clock = union(history, parents)
  const before = lastOfDevice(history, clock, key)
  if (operation.n !== (before === undefined ? 0 : operationAt(history, before).operation.n + 1))
    return bad('ancestors-wrong', 'n')
  const epoch = highest(history.store.epochs, parents)
  if (operation.k === 'epoch' && operation.epoch !== epoch + 1) return bad('ancestors-wrong', 'epoch')

  const store = ownStore(history)
  const gone = new Set(operation.heads)
  const heads = [...history.heads.filter((head) => !gone.has(head)), signed.id].sort(compareTexts)
  let { forks } = history
  // What could be wrong with any of them was wrong with the first.
  for (const act of actsOf(signed)) {
    const isFirst = store.operations.length === history.size
    const at = isFirst ? { parents, clock, before } : afterLast(store)
    if (append(store, act, signed, at)) forks = forked(forks, key, act.operation.n)
  }
  return good({ size: store.operations.length, heads, forks, store })
}

/** Where one operation is put: what is before it, and which of that is the last of its own device. */
interface PlaceOfOne {
  readonly parents: readonly number[]
  readonly clock: Clock
  readonly before: number | undefined
}

/** That of the next act of the same bundle. */
function afterLast(store: Store): PlaceOfOne {
  const last = store.operations.length - 1
  return { parents: [last], clock: union({ store }, [last]), before: last }
}

/** True when it is a twin. */
function append(
  store: Store,
  act: SignedOperation,
  whole: SignedOperation,
  { parents, clock, before }: PlaceOfOne,
): boolean {
  const { id, device: key, operation } = act
  const i = store.operations.length
  const epoch = highest(store.epochs, parents)
  store.operations.push(act)
  store.wholes.push(whole)
  store.index.set(id, i)
  store.clocks.push(clock)
  store.depths.push(1 + highest(store.depths, parents))
  store.counts.push(countOf(store, parents, clock))
  store.reaches.push(reachOf(store, parents, clock, i))
  store.epochs.push(operation.k === 'epoch' ? epoch + 1 : epoch)
  const device = deviceIn(store, key)
  const hasTwin = device.numbered.has(operation.n)
  number(device, operation.n, i)
  place(store, device, i, before)
  return hasTwin
}

/** The highest value that a column has for these operations; 0 of none. */
function highest(column: readonly number[], members: readonly number[]): number {
  let best = 0
  for (const member of members) best = Math.max(best, column[member] as number)
  return best
}

/** True when everything that came before an operation is in its past: it is concurrent with nothing that the history had then. */
export function sawAll(history: History, i: number): boolean {
  return history.store.counts[i] === i
}

/**
 * A part of the history, from its first operation on, that all operations from an index on have in their past: what comes of that part does not depend
 * on them. Its size, or less.
 */
export function commonPast({ size, store }: History, from: number): number {
  let common = from
  for (let i = from; i < size; i++) common = Math.min(common, store.reaches[i] as number)
  return common
}

/** How many operations this device has made in the room, as far as this history knows: the `n` of its next one. */
export function nextOfDevice(history: History, device: KeyText): number {
  // Each follows the one before it, so no number is left out.
  let next = history.store.devices.get(device)?.numbered.size ?? 0
  while (next > 0 && numbered(history, device, next - 1).length === 0) next--
  return next
}

/** The number of the next epoch after everything in the history. */
export function nextEpoch(history: History): number {
  return (
    1 +
    Math.max(
      0,
      ...history.heads.map((head) => history.store.epochs[indexOf(history, head) as number] as number),
    )
  )
}

/** True when `ancestor` is a strict ancestor of `of`. Both must be in the history. */
export function inPast(history: History, ancestor: number, of: number): boolean {
  return covers(history.store, history.store.clocks[of] as Clock, ancestor)
}

/** How many operations of each chain of a device are in the strict past of an operation. */
export function seenOfDevice({ store }: History, device: KeyText, of: number): ReadonlyMap<number, number> {
  const seen = new Map<number, number>()
  for (const chain of store.devices.get(device)?.chains ?? []) {
    const count = (store.clocks[of] as Clock).get(String(chain))
    if (count !== undefined) seen.set(chain, count)
  }
  return seen
}

/** Is an operation among the first so many of its chain? */
export function isAmong({ store }: History, seen: ReadonlyMap<number, number>, i: number): boolean {
  return (seen.get(store.chains[i] as number) ?? 0) > (store.positions[i] as number)
}

/** Tells of an operation whether it is one of these or an ancestor of one. Ids that the history has not got count for nothing. */
export function behind(history: History, ids: readonly OperationId[]): (i: number) => boolean {
  const known = ids.flatMap((id) => indexOf(history, id) ?? [])
  const clock = union(history, known)
  return (i) => covers(history.store, clock, i)
}

/** The given operations and all their ancestors. */
function union({ store }: Pick<History, 'store'>, members: readonly number[]): Clock {
  const [first, ...others] = members
  if (first === undefined) return persistentMap()
  const clock = (store.clocks[first] as Clock).draft()
  const raise = (chain: string, count: number) => {
    if ((clock.get(chain) ?? 0) < count) clock.set(chain, count)
  }
  for (const member of others) for (const [chain, count] of store.clocks[member] as Clock) raise(chain, count)
  for (const member of members) raise(String(store.chains[member]), (store.positions[member] as number) + 1)
  return clock.done()
}

function countOf({ counts }: Store, parents: readonly number[], clock: Clock): number {
  const [only, ...others] = parents
  if (only === undefined) return 0
  if (others.length === 0) return (counts[only] as number) + 1
  let count = 0
  for (const each of clock.values()) count += each
  return count
}

/** Steps beyond what the parents reach that are looked for at a time; whoever builds on an operation goes on from there. */
const MAX_REACHING = 1024

function reachOf(store: Store, parents: readonly number[], clock: Clock, i: number): number {
  if (store.counts[i] === i) return i
  let reach = highest(store.reaches, parents)
  const end = Math.min(i, reach + MAX_REACHING)
  while (reach < end && covers(store, clock, reach)) reach++
  return reach
}

function covers(store: Store, clock: Clock, i: number): boolean {
  return (clock.get(String(store.chains[i])) ?? 0) > (store.positions[i] as number)
}

/** The operation of a device with the highest `n` below a clock. */
function lastOfDevice({ store }: History, clock: Clock, device: KeyText): number | undefined {
  let last: number | undefined
  for (const chain of store.devices.get(device)?.chains ?? []) {
    const count = clock.get(String(chain)) ?? 0
    const i = count === 0 ? undefined : store.members[chain]?.[count - 1]
    if (i === undefined) continue
    const { n } = (store.operations[i] as SignedOperation).operation
    if (last === undefined || n > (store.operations[last] as SignedOperation).operation.n) last = i
  }
  return last
}

function deviceIn({ devices }: Store, key: KeyText): Device {
  const known = devices.get(key)
  if (known !== undefined) return known
  const device: Device = { chains: [], numbered: new Map() }
  devices.set(key, device)
  return device
}

function number({ numbered: all }: Device, n: number, i: number): void {
  const same = all.get(n)
  if (same) same.push(i)
  else all.set(n, [i])
}

/** Puts an operation at the end of the chain that it continues, or begins a chain with it. */
function place(store: Store, device: Device, i: number, before: number | undefined): void {
  const tail = before === undefined ? undefined : (store.chains[before] as number)
  const continues =
    tail !== undefined && store.members[tail]?.length === (store.positions[before as number] as number) + 1
  const chain = continues ? tail : store.members.push([]) - 1
  if (!continues) device.chains.push(chain)
  const members = store.members[chain] as number[]
  store.chains.push(chain)
  store.positions.push(members.length)
  members.push(i)
}

function forked(
  forks: ReadonlyMap<KeyText, number>,
  device: KeyText,
  n: number,
): ReadonlyMap<KeyText, number> {
  const known = forks.get(device)
  return known !== undefined && known <= n ? forks : new Map(forks).set(device, n)
}

/** The store, if nothing was added to it after this history; otherwise one with what this history has. */
function ownStore(history: History): Store {
  if (history.size > 0 && history.store.operations.length === history.size) return history.store
  const { size, store } = history
  const own: Store = {
    operations: store.operations.slice(0, size),
    wholes: store.wholes.slice(0, size),
    index: new Map(),
    clocks: store.clocks.slice(0, size),
    chains: store.chains.slice(0, size),
    positions: store.positions.slice(0, size),
    depths: store.depths.slice(0, size),
    counts: store.counts.slice(0, size),
    reaches: store.reaches.slice(0, size),
    epochs: store.epochs.slice(0, size),
    members: store.members.map((members) => members.filter((i) => i < size)),
    devices: new Map(),
  }
  for (const [i, { id, device: key, operation }] of own.operations.entries()) {
    own.index.set(id, i)
    const device = deviceIn(own, key)
    const chain = own.chains[i] as number
    if (!device.chains.includes(chain)) device.chains.push(chain)
    number(device, operation.n, i)
  }
  return own
}
