import { keyBytes, keyText } from '../ids.ts'
import type { LogReason } from '../reasons.ts'
import { bad, good, type Result } from '../result.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { isKeyName, keyId, NOTE_TYPE, type NoteKey } from './signed-note.ts'

/** A verifier key as text (c2sp.org/signed-note, NOTE-7): `<name>+<key id, 8 hex digits>+base64(type(1) ‖ public key(32))`. */
export function encodeVerifierKey(key: NoteKey): string {
  const bytes = new Uint8Array([key.type, ...keyBytes(key.key)])
  return `${key.name}+${hexId(key)}+${encodeBase64(bytes)}`
}

/** Reads a verifier key of a type that notes here are signed with. Whether the key is admitted is asked when something is verified. */
export function parseVerifierKey(text: string): Result<NoteKey, LogReason> {
  const [, name = '', id, encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.{44})$/u.exec(text) ?? []
  const bytes = decodeBase64(encoded)
  const type = Object.values(NOTE_TYPE).find((one) => one === bytes?.[0])
  if (bytes?.length !== 33 || type === undefined || !isKeyName(name)) return bad('vkey-malformed')
  const key: NoteKey = { name, type, key: keyText(bytes.slice(1)) }
  return hexId(key) === id ? good(key) : bad('vkey-malformed', 'key id')
}

function hexId(key: NoteKey): string {
  return keyId(key).toString(16).padStart(8, '0')
}
