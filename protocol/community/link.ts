import { concatBytes } from '@noble/hashes/utils.js'
import { base64url } from 'multiformats/bases/base64'
import { equalBytes } from '../bytes.ts'
import { DOMAIN } from '../domains.ts'
import { hash } from '../hash.ts'
import { type CommunityId, idBytes, idOf } from '../ids.ts'
import type { LinkReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { INVITATION_SEED_BYTES } from './invite.ts'

/**
 * What an invitation link carries in its fragment (SPEC §6.6), which browsers never send to a server:
 *
 * ```
 *  version(1) = 1 | community id(32) | seed(16) | check(4)      53 bytes, 71 characters of base64url
 * ```
 *
 * `check` is the start of a hash over all before it, so a link cut short by a mail program is told from a forged one.
 */
export interface InvitationCode {
  readonly community: CommunityId
  readonly seed: Uint8Array
}

const VERSION = 1
const CHECK_BYTES = 4
const BODY_BYTES = 1 + 32 + INVITATION_SEED_BYTES
/** 71 characters carry 2 bits more than 53 bytes. They are 0, or one code would have four spellings. */
const CODE = /^[A-Za-z0-9_-]{70}[AEIMQUYcgkosw048]$/

export function encodeInvitationCode(code: InvitationCode): string {
  if (code.seed.length !== INVITATION_SEED_BYTES)
    throw new RangeError(`an invitation seed has ${INVITATION_SEED_BYTES} bytes`)
  const body = concatBytes(Uint8Array.of(VERSION), idBytes(code.community), code.seed)
  return base64url.baseEncode(concatBytes(body, check(body)))
}

export function decodeInvitationCode(text: string): Result<InvitationCode, LinkReason> {
  if (!CODE.test(text)) return bad('link-damaged')
  const bytes = base64url.baseDecode(text)
  const body = bytes.subarray(0, BODY_BYTES)
  if (!equalBytes(bytes.subarray(BODY_BYTES), check(body))) return bad('link-damaged')
  if (body[0] !== VERSION) return bad('link-version')
  return good({ community: idOf<CommunityId>(body.slice(1, 33)), seed: body.slice(33) })
}

function check(body: Uint8Array): Uint8Array {
  return hash(DOMAIN.link, body).subarray(0, CHECK_BYTES)
}
