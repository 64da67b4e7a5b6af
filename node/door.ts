import { makeDeviceKey } from './crypto/device-key.ts'
import type { Ports } from './ports.ts'
import type { Door } from './view.ts'
import { createWaysIn, type WaysInDependencies } from './ways-in.ts'

export interface DoorDependencies
  extends Pick<WaysInDependencies<unknown>, 'site' | 'words' | 'startNetwork'> {
  /** From so many entries on, the ledger is read after coming in. */
  readonly lightFrom?: number
  readonly ports: Ports
}

/** So many are read in a second; whoever waits longer for a first word goes away. */
const LIGHT_FROM = 2048

/** The ways in to the community of a site, each of which leads to a running peer. One door is opened once for each tab or process. */
export function createDoor({ ports, lightFrom = LIGHT_FROM, ...rest }: DoorDependencies): Door {
  return createWaysIn({
    ports,
    lightFrom,
    ...rest,
    newKey: () => makeDeviceKey(ports.random),
    // Who only reads an invitation need not load it.
    start: async (arrived) => (await import('./peer.ts')).startPeer(ports, arrived),
  })
}
