import type { CommunityId, KeyText } from '../protocol/ids.ts'
import type { PeerIdString } from './network/network.ts'

/** What the relay that serves a site tells any stranger (SPEC §9.8): how to reach it, and whose it is. */
export interface Site {
  /** The site's origin, for links. */
  readonly origin: string
  readonly relay: PeerIdString
  /** Multiaddrs of the relay, each ending in `/p2p/<id>`. */
  readonly addresses: readonly string[]
  /** Multiaddrs of other relays of the community that it names; usually none. */
  readonly others: readonly string[]
  readonly logKey: KeyText
  /** STUN and TURN servers that the community runs itself; usually none. */
  readonly iceServers: readonly RTCIceServer[]
  /** Undefined while nothing is founded there. */
  readonly community: CommunityId | undefined
}
