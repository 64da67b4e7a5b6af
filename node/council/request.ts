import { base64url } from 'multiformats/bases/base64'
import { openStatement, type Statement } from '../../protocol/community/statement.ts'
import type { CommunityId } from '../../protocol/ids.ts'
import { MAX_ENVELOPE_BYTES } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import type { Result } from '../../protocol/result.ts'

/**
 * A statement that several have to sign, on its way from one to the other: a file, or the fragment of a link. It holds nothing secret, and nobody who
 * carries it can change what was signed.
 */

/** What a request file says it is. */
const FORMAT = 'palabre-request'
/** The largest envelope in base64url, and what stands around it. Characters. */
export const LONGEST_REQUEST = Math.ceil((MAX_ENVELOPE_BYTES * 4) / 3) + 1024

/** The text of the file. */
export function requestFile(statement: Uint8Array): string {
  return `${JSON.stringify({ format: FORMAT, version: 1, statement: requestCode(statement) })}\n`
}

/** The same without anything around it, for a link. */
export function requestCode(statement: Uint8Array): string {
  return base64url.baseEncode(statement)
}

/** A statement that was read, or why it is none; undefined where the text is no request at all. */
export type ReadRequest = Result<Statement, Reason> | undefined

export function readRequestFile(community: CommunityId, text: string): ReadRequest {
  const code = text.length > LONGEST_REQUEST ? undefined : codeIn(text)
  return code === undefined ? undefined : readRequestCode(community, code)
}

export function readRequestCode(community: CommunityId, code: string): ReadRequest {
  const bytes = code.length > LONGEST_REQUEST ? undefined : bytesOf(code)
  return bytes && openStatement(community, bytes)
}

function codeIn(text: string): string | undefined {
  try {
    const { format, version, statement } = JSON.parse(text)
    return format === FORMAT && version === 1 && typeof statement === 'string' ? statement : undefined
  } catch {
    // JSON's only way to say that it is none.
    return undefined
  }
}

function bytesOf(code: string): Uint8Array | undefined {
  try {
    return base64url.baseDecode(code)
  } catch {
    // The decoder has no other way to say that a character is none of its own.
    return undefined
  }
}
