import { utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * Every domain of every hash, signature and key derivation, in one place (SPEC §3.4): the same bytes never mean two things.
 * A domain ends in a zero byte, so none is a prefix of another's input.
 */
export const DOMAIN = {
  id: domain('id'),
  signature: domain('signature'),
  profile: domain('profile'),
  link: domain('link'),
  root: domain('root'),
  invitation: domain('invitation'),
  title: domain('title'),
  record: domain('record'),
  state: domain('state'),
  sealed: domain('sealed'),
  epoch: domain('epoch'),
  audience: domain('audience'),
  ratchet: domain('ratchet'),
  voice: domain('voice'),
  block: domain('block'),
  act: domain('act'),
  roomState: domain('room-state'),
  call: domain('call'),
  welcome: domain('welcome'),
} as const

function domain(name: string): Uint8Array {
  return utf8ToBytes(`palabre/v1/${name}\0`)
}

/** `domain ‖ u8 length of type ‖ type ‖ community id ‖ payload`: what ids hash and signatures cover. */
export function separated(
  domainBytes: Uint8Array,
  type: string,
  community: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  const name = nameOf(type)
  const start = domainBytes.length + 1 + name.length
  const out = new Uint8Array(start + community.length + payload.length)
  out.set(domainBytes)
  out[domainBytes.length] = name.length
  out.set(name, domainBytes.length + 1)
  out.set(community, start)
  out.set(payload, start + community.length)
  return out
}

const names = new Map<string, Uint8Array>()
/** Types that we know, with room to spare; what peers may call theirs has no end. */
const MAX_NAMES = 64

function nameOf(type: string): Uint8Array {
  const known = names.get(type)
  if (known !== undefined) return known
  const name = utf8ToBytes(type)
  if (names.size < MAX_NAMES) names.set(type, name)
  return name
}
