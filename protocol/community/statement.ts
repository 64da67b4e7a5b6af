import { type Envelope, open, peekType } from '../envelope.ts'
import { DEVICE_ADD, type DeviceAdd } from '../identity/device.ts'
import { IDENTITY, type Identity } from '../identity/identity.ts'
import type { CommunityId } from '../ids.ts'
import type { EnvelopeReason, LedgerReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { INVITE, type Invite } from './invite.ts'
import { JOIN, type Join, type JoinParts, openJoinParts } from './join.ts'

/** A statement of the ledger after the genesis, opened and of a known type, its signatures not yet looked at. */
export type Statement =
  | { readonly type: 'identity'; readonly envelope: Envelope<Identity> }
  | { readonly type: 'device-add'; readonly envelope: Envelope<DeviceAdd> }
  | { readonly type: 'invite'; readonly envelope: Envelope<Invite> }
  | { readonly type: 'join'; readonly envelope: Envelope<Join>; readonly parts: JoinParts }

/** Opens a statement of any type. A genesis is refused here: only entry 0 is one. */
export function openStatement(
  community: CommunityId,
  envelope: Uint8Array,
): Result<Statement, EnvelopeReason | LedgerReason> {
  const type = peekType(envelope)
  if (!type.ok) return type
  switch (type.value) {
    case 'genesis':
      return bad('genesis-repeated')
    case 'identity': {
      const opened = open(IDENTITY, community, envelope)
      return opened.ok ? good({ type: 'identity', envelope: opened.value }) : opened
    }
    case 'device-add': {
      const opened = open(DEVICE_ADD, community, envelope)
      return opened.ok ? good({ type: 'device-add', envelope: opened.value }) : opened
    }
    case 'invite': {
      const opened = open(INVITE, community, envelope)
      return opened.ok ? good({ type: 'invite', envelope: opened.value }) : opened
    }
    case 'join': {
      const opened = open(JOIN, community, envelope)
      if (!opened.ok) return opened
      const parts = openJoinParts(community, opened.value.payload)
      return parts.ok ? good({ type: 'join', envelope: opened.value, parts: parts.value }) : parts
    }
    default:
      return bad('unknown-type', type.value)
  }
}
