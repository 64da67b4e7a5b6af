import type { MemberId, RoomId } from '../../protocol/ids.ts'
import { DAY } from '../../protocol/limits.ts'
import type { SignedOperation } from '../../protocol/room/operation.ts'
import type { Storage } from '../ports/storage.ts'

/** A room that is older than this is not come back to. Seconds. */
const KEPT = 7 * DAY

/**
 * What this device keeps of a room while it lasts: the opening, every operation in the order in which it came, and who was inside before its door was
 * locked. Without its own operations a reloaded tab would number anew, and two operations with one number are what liars make.
 */
export interface RoomArchive {
  open(room: RoomId): Promise<
    | {
        readonly opening: Uint8Array
        readonly operations: readonly Uint8Array[]
        readonly inside: readonly MemberId[]
      }
    | undefined
  >
  begin(room: RoomId, opening: Uint8Array, now: number): Promise<void>
  /** All of these, or none. */
  keep(room: RoomId, operations: readonly SignedOperation[]): Promise<void>
  /** Beside those who were kept so before: all of these, or none. */
  keepInside(room: RoomId, members: readonly MemberId[]): Promise<void>
  forget(room: RoomId): Promise<void>
  /** Forgets rooms of long ago. @param now seconds */
  prune(now: number): Promise<void>
}

interface Kept {
  readonly opening: Uint8Array
  readonly began: number
}

export function roomArchive(storage: Storage): RoomArchive {
  const counts = new Map<RoomId, number>()
  const headOf = (room: string) => `room/${room}`
  const insideOf = (room: string) => `room-inside/${room}/`
  const prefixOf = (room: string) => `room-operation/${room}/`

  async function forget(room: string): Promise<void> {
    for (const prefix of [prefixOf(room), insideOf(room)])
      for (const [key] of await storage.list(prefix)) await storage.delete(key)
    await storage.delete(headOf(room))
  }

  return {
    async open(room) {
      const kept = (await storage.get(headOf(room))) as Kept | undefined
      if (!kept) return undefined
      const operations = (await storage.list(prefixOf(room))).map(([, value]) => value as Uint8Array)
      counts.set(room, operations.length)
      const inside = (await storage.list(insideOf(room))).map(([, value]) => value as MemberId)
      return { opening: kept.opening, operations, inside }
    },
    begin: (room, opening, began) => storage.put(headOf(room), { opening, began } satisfies Kept),
    async keep(room, operations) {
      if (operations.length === 0) return
      const count = counts.get(room) ?? 0
      counts.set(room, count + operations.length)
      const keyOf = (i: number) => `${prefixOf(room)}${String(count + i).padStart(8, '0')}`
      await storage.putAll(operations.map(({ envelope }, i) => [keyOf(i), envelope.bytes]))
    },
    keepInside: (room, members) =>
      storage.putAll(members.map((member) => [`${insideOf(room)}${member}`, member])),
    forget,
    async prune(now) {
      for (const [key, value] of await storage.list('room/')) {
        if (now - (value as Kept).began > KEPT) await forget(key.slice('room/'.length))
      }
    },
  }
}
