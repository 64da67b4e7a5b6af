import type { Verifier } from '../protocol/signature.ts'
import type { Crew } from './audit/checking.ts'
import type { Clock } from './ports/clock.ts'
import type { ConnectionsOfRoom } from './ports/connections.ts'
import type { Locks } from './ports/locks.ts'
import type { Random } from './ports/random.ts'
import type { Storage } from './ports/storage.ts'

/** Everything that a peer needs of the machine it runs on. Composition roots choose the adapters. */
export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly storage: Storage
  readonly locks: Locks
  /** Makes connections for the voices of a room, with the STUN and TURN servers of the community. */
  readonly connections: (
    iceServers: readonly RTCIceServer[],
  ) => ConnectionsOfRoom | Promise<ConnectionsOfRoom>
  readonly verifier: Verifier
  /** Whoever verifies many signatures while the person does something else; without, the peer does it itself. */
  readonly crew?: () => Crew | Promise<Crew>
  /** Hears what nobody awaits. */
  readonly report: (where: string, error: unknown) => void
}
