import { seal } from '../protocol/envelope.ts'
import type { CommunityId, MemberId } from '../protocol/ids.ts'
import { MINUTE } from '../protocol/limits.ts'
import { PRESENCE } from '../protocol/session.ts'
import type { Signer } from '../protocol/signature.ts'
import type { PeerIdString } from './network/network.ts'

/** How long a presence holds, in seconds: relays get a new one more than twice as often. */
const PRESENCE_LIFETIME = 10 * MINUTE

/** Who this session is. */
export interface Me {
  readonly member: MemberId
  readonly device: Signer
  /** Signs with the libp2p key of this tab or process. */
  readonly session: Signer
  readonly peer: PeerIdString
}

/** Makes a session's presence. @param now seconds */
export async function sealPresence(
  me: Pick<Me, 'member' | 'device' | 'session'>,
  community: CommunityId,
  now: number,
): Promise<Uint8Array> {
  const payload = {
    m: me.member,
    device: me.device.publicKey,
    peer: me.session.publicKey,
    addrs: [],
    at: now,
    exp: now + PRESENCE_LIFETIME,
  }
  return (await seal(PRESENCE, community, payload, [me.device, me.session])).bytes
}
