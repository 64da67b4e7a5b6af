import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'

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
  const name = utf8ToBytes(type)
  return concatBytes(domainBytes, Uint8Array.of(name.length), name, community, payload)
}
