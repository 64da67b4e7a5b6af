import { decodeValue } from '../../protocol/codec.ts'
import { ascii, concat, hex, sha256, unhex } from './bytes.ts'
import { bytes, id, key, oneOf, readMap } from './shape.ts'
import { aloneWrong, openStatement, type Statement } from './statement.ts'

/** Says whether a signature is good: a reason when it is not. */
export type Check = (signature: Uint8Array, message: Uint8Array, key: string) => string | undefined

/** A place in a chain (§6.11). */
export interface Place {
  readonly key: string
  readonly n: number
}

/** ENV-9: exactly these keys, then their signatures in the order in which they stand. */
export function wrongSigners(check: Check, said: Statement, keys: readonly string[]): string | undefined {
  if (said.signatures.some((one) => !keys.includes(one.key))) return 'signer-unexpected'
  if (keys.some((wanted) => !said.signatures.some((one) => one.key === wanted))) return 'signer-missing'
  return said.signatures
    .map((one) => check(one.signature, said.message, one.key))
    .find((reason) => reason !== undefined)
}

/** JOIN-7: all the signatures of a join. */
export function wrongJoinSigners(
  check: Check,
  join: Statement<'join'>,
  invitationKey: string,
): string | undefined {
  const { identity, device } = join.inner as NonNullable<Statement<'join'>['inner']>
  const { root } = identity.fields
  const newcomer = device.fields.device
  return (
    wrongSigners(check, identity, [root]) ??
    wrongSigners(check, device, [root, newcomer]) ??
    wrongSigners(check, join, [newcomer, invitationKey])
  )
}

/** §6.11: the place that a statement wants, when it wants one. */
export function placeOf(said: Statement): Place | undefined {
  const { n } = said.fields as { readonly n?: number }
  if (n === undefined) return undefined
  const signers = said.signatures.map((one) => one.key)
  const only = (keys: readonly string[]): Place | undefined =>
    keys.length === 1 ? { key: keys[0] as string, n } : undefined
  switch (said.type) {
    case 'identity':
      return { key: said.fields.root, n }
    case 'join':
      return { key: said.inner?.device.fields.device as string, n }
    case 'device-add':
      return only(signers.filter((one) => one !== said.fields.device))
    case 'root-rotate':
      return only(signers.filter((one) => one !== said.fields.root))
    default:
      return only(signers)
  }
}

/** EQUIV-1: the place that both statements have, when the pair convicts its key. */
export function twinsIn(
  check: Check,
  community: string,
  { a, b }: { a: string; b: string },
): Place | undefined {
  const one = openStatement(community, unhex(a))
  const other = openStatement(community, unhex(b))
  if (!one.ok || !other.ok || one.value.id >= other.value.id) return undefined
  if (aloneWrong(one.value) || aloneWrong(other.value)) return undefined
  const place = placeOf(one.value)
  const same = placeOf(other.value)
  if (!place || place.key !== same?.key || place.n !== same.n) return undefined
  return [one.value, other.value].every((said) => isSignedBy(check, said, place.key)) ? place : undefined
}

function isSignedBy(check: Check, said: Statement, key: string): boolean {
  const own = said.signatures.find((one) => one.key === key)
  return own !== undefined && check(own.signature, said.message, key) === undefined
}

const FORK = { kind: oneOf('fork'), c: id, log: key, a: bytes(1, 16_384), b: bytes(1, 16_384) }

/** FORK-1: the size of which a log key signed two checkpoints. @param keys those that the community's log had */
export function forkIn(
  check: Check,
  community: string,
  keys: readonly string[],
  evidence: string,
): number | undefined {
  const value = decodeValue(unhex(evidence), 16_384)
  if (!value.ok) return undefined
  const fork = readMap(FORK, value.value)
  if (
    !fork.ok ||
    fork.value.c !== community ||
    !keys.includes(fork.value.log) ||
    fork.value.a >= fork.value.b
  )
    return undefined
  const [a, b] = [fork.value.a, fork.value.b].map((note) => headOf(check, community, fork.value.log, note))
  return a && b && a.size === b.size && a.says !== b.says ? a.size : undefined
}

const HEAD = /^(palabre\/v1\/[\w-]{43})\n([1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\nstate ([A-Za-z0-9+/]{43}=)\n$/
const SIGNED = /^((?:.+\n)+)\n\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})\n$/

/** A checkpoint of the community's log that exactly this key signed: C2SP signed-note and tlog-checkpoint with a line for the state. */
function headOf(
  check: Check,
  community: string,
  log: string,
  note: string,
): { readonly size: number; readonly says: string } | undefined {
  const [, text, name, encoded] = SIGNED.exec(Buffer.from(unhex(note)).toString()) ?? []
  const [, origin, size, root, state] = HEAD.exec(text ?? '') ?? []
  const mine = `palabre/v1/${Buffer.from(unhex(community)).toString('base64url')}`
  if (!text || !encoded || origin !== mine || name !== mine || !isBase64(root) || !isBase64(state))
    return undefined
  if (!isBase64(encoded)) return undefined
  const signature = Uint8Array.from(Buffer.from(encoded, 'base64'))
  const keyId = sha256(concat(ascii(`${mine}\n`), Uint8Array.of(1), unhex(log))).subarray(0, 4)
  if (signature.length !== 68 || hex(signature.subarray(0, 4)) !== hex(keyId)) return undefined
  if (check(signature.subarray(4), ascii(text), log) !== undefined) return undefined
  return { size: Number(size), says: `${root} ${state}` }
}

/** In its one spelling: the spare bits are 0. */
function isBase64(text: string | undefined): boolean {
  return text !== undefined && Buffer.from(text, 'base64').toString('base64') === text
}
