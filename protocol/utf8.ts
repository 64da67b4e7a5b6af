import { utf8ToBytes } from '@noble/hashes/utils.js'
import { equalBytes } from './bytes.ts'

/** The text of these bytes, when they are well-formed UTF-8 (Unicode table 3-7). A byte order mark is a character like any other. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const text = decodeLeniently(bytes)
  return equalBytes(utf8ToBytes(text), bytes) ? text : undefined
}

/** Bytes that are no UTF-8 become something, which shows when it is spelled again. */
function decodeLeniently(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number
    const more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
    let point = more === 0 ? first : first & (0x3f >> more)
    for (let i = 1; i <= more; i++) point = (point << 6) | ((bytes[at + i] ?? 0) & 0x3f)
    parts.push(point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point))
    at += more + 1
  }
  return parts.join('')
}
