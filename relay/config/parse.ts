import { isIP } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { WebSockets, WebSocketsSecure } from '@multiformats/multiaddr-matcher'
import { type KeyText, parseId } from '../../protocol/ids.ts'
import { NOTE_TYPE, type NoteKey } from '../../protocol/log/signed-note.ts'
import { parseVerifierKey } from '../../protocol/log/vkey.ts'
import type { WitnessAddress } from '../witness/witness-client.ts'

/**
 * Readers of single values. A value is text when it comes from a flag or the environment, and any JSON when it comes from a file.
 * Each gives `undefined` for what is not allowed.
 */
export type Parse<T> = (value: unknown) => T | undefined

/** A whole number from `min` to `max`, in digits or as a JSON number. */
export function wholeNumber(min: number, max: number): Parse<number> {
  return (value) => {
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number)) return undefined
    return number >= min && number <= max ? number : undefined
  }
}

export const filledText: Parse<string> = (value) =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined

export function oneOf<const W extends string>(words: readonly W[]): Parse<W> {
  return (value) => words.find((word) => word === value)
}

/** `localhost`, which is both loopback addresses, or one IP address. */
export const hostName: Parse<string> = (value) =>
  value === 'localhost' || (typeof value === 'string' && isIP(value) !== 0) ? value : undefined

/** `ADDRESS`: an IP address that others see. */
export const ipAddress: Parse<string> = (value) =>
  typeof value === 'string' && isIP(value) !== 0 ? value : undefined

/** `first-last`, both included, or one number: UDP ports that need no privileges. */
export const portBlock: Parse<readonly number[]> = (value) => {
  const [, first, last = first] = /^(\d{4,5})(?:-(\d{4,5}))?$/.exec(String(value)) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (!(from >= 1024 && from <= to && to <= 65_535)) return undefined
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** Scheme, host and port, and nothing after them. */
export const origin: Parse<string> = (value) => {
  if (typeof value !== 'string') return undefined
  const url = URL.parse(value)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  const bare = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return bare && url.pathname === '/' ? url.origin : undefined
}

/** A multiaddr that a browser can dial, without the relay's own id, which is added to it. */
export const webSocketAddress: Parse<string> = (value) => {
  if (typeof value !== 'string') return undefined
  try {
    const address = multiaddr(value)
    const dialable = WebSockets.exactMatch(address) || WebSocketsSecure.exactMatch(address)
    return dialable && !value.includes('/p2p/') ? address.toString() : undefined
  } catch {
    // The library's only way to say that the text is no multiaddr.
    return undefined
  }
}

/** One server of `RTCConfiguration.iceServers`. */
export interface IceServer {
  readonly urls: string
  readonly username?: string
  readonly credential?: string
}

/** `stun:host[:port]` (RFC 7064) or `turn:host[:port][?transport=]` (RFC 7065); TURN needs its credentials, so it is a JSON object. */
export const iceServer: Parse<IceServer> = (value) => {
  if (typeof value === 'string') return /^stuns?:[\w.[\]:-]+$/.test(value) ? { urls: value } : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const { urls, username, credential, ...rest } = value as Record<string, unknown>
  if (typeof urls !== 'string' || Object.keys(rest).length > 0) return undefined
  if (username === undefined && credential === undefined) return iceServer(urls)
  if (typeof username !== 'string' || typeof credential !== 'string') return undefined
  const isTurn = /^turns?:[\w.[\]:-]+(\?transport=(udp|tcp))?$/.test(urls)
  return isTurn ? { urls, username, credential } : undefined
}

/** Where a witness is asked (c2sp.org/tlog-witness): its key as a genesis has it, and the address before `add-checkpoint`. */
export const witnessAddress: Parse<WitnessAddress> = (value) => {
  const [, key, address = ''] = typeof value === 'string' ? (/^([^=]+)=(.+)$/.exec(value) ?? []) : []
  const url = URL.parse(address.endsWith('/') ? address : `${address}/`)
  const bare = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (key === undefined || !parseId(key) || !url || !bare) return undefined
  return ['http:', 'https:'].includes(url.protocol) ? { key: key as KeyText, url } : undefined
}

/** A log to witness: its verifier key (c2sp.org/signed-note), or the origin of the relay that keeps it. */
export const witnessedLog: Parse<NoteKey | string> = (value) => {
  const key = typeof value === 'string' ? parseVerifierKey(value) : undefined
  if (key?.ok) return key.value.type === NOTE_TYPE.ed25519 ? key.value : undefined
  return origin(value)
}

/** Several of one kind: a JSON array, or text with commas or spaces between the items. */
export function listOf<T>(item: Parse<T>): Parse<readonly T[]> {
  return (value) => {
    const parts = typeof value === 'string' ? value.split(/[\s,]+/).filter((part) => part !== '') : value
    if (!Array.isArray(parts)) return undefined
    const items = parts.map(item)
    return items.includes(undefined) ? undefined : (items as T[])
  }
}
