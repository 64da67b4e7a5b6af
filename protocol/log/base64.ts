import { base64pad } from 'multiformats/bases/base64'

/** The standard base64 of RFC 4648 §4, with padding, which C2SP uses. One spelling: the spare bits of the last character are 0. */

export function encodeBase64(bytes: Uint8Array): string {
  return base64pad.baseEncode(bytes)
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/

/** `undefined` when the text is not exactly one. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return BASE64.test(text) ? base64pad.baseDecode(text) : undefined
}
