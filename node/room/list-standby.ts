import { Standby, type StandbyOptions } from '../audience/standby.ts'
import type { PeerNetwork } from '../network/network.ts'
import { isLarge } from './carriage.ts'
import type { Directory } from './directory.ts'

export interface ListStandbyOptions extends Omit<StandbyOptions, 'isUseful'> {
  readonly network: Pick<PeerNetwork, 'openChannel' | 'hidesAddress'>
  readonly directory: Pick<Directory, 'rooms'>
}

/** What is held for who looks at the list of rooms: while there is one in it that is too large for links from each to each, or they hide their address. */
export function listStandby({ directory, ...options }: ListStandbyOptions): Standby {
  const { hidesAddress } = options.network
  const { rooms } = directory
  const standby = new Standby({
    ...options,
    isUseful: () =>
      rooms.value.some(({ announcement }) => hidesAddress || isLarge(announcement.payload.people)),
  })
  rooms.subscribe(() => standby.look())
  return standby
}
