import { makeDeviceKey } from './crypto/device-key.ts'
import type { Ports } from './ports.ts'
import type { Door } from './view.ts'
import { createWaysIn, type WaysInDependencies } from './ways-in.ts'

export interface DoorDependencies extends Pick<WaysInDependencies<unknown>, 'site' | 'words'> {
  readonly ports: Ports
}

/** The ways in to the community of a site, each of which leads to a running peer. One door is opened once for each tab or process. */
export function createDoor({ ports, site, words }: DoorDependencies): Door {
  return createWaysIn({
    ports,
    site,
    words,
    newKey: () => makeDeviceKey(ports.random),
    // Who only reads an invitation need not load it.
    start: async (arrived) => (await import('./peer.ts')).startPeer(ports, arrived),
  })
}
